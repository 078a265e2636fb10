// How much processor time does the detector take per event, and how many bytes per client? Beside it the same events in
// plain hash maps keyed by address: with a few counters, and with the set of servers without which nobody knows whether
// one is new.
//
// usage: detect_observe [CLIENTS] [EVENTS]      default: 1000000 12000000
//
// Four of five clients are ordinary users of one to four servers, the fifth writes to ever new ones on port 25. The
// order of clients is random, so that every event meets a record that is not in the nearest cache.
#include <fmt/format.h>
#include <malloc.h>
#include <time.h>

#include <boost/unordered/unordered_flat_map.hpp>
#include <cstdlib>
#include <random>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "base/keyed_hash.h"
#include "bench/support/report.h"
#include "detect/detector.h"
#include "record/connection_event.h"

namespace mailweir {
namespace {

constexpr std::size_t kBatch = 256;  // as NFLOG and connection tracking hand them over when there is traffic

double processor_ns() {
  timespec now{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return 1e9 * static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec);
}

std::vector<ConnectionEvent> make_events(unsigned clients, std::size_t count) {
  std::mt19937 random(20261122);
  std::vector<ConnectionEvent> events(count);
  Time now = *parse_time("2026-11-22T00:00:00Z");
  for (std::size_t i = 0; i < count; ++i) {
    const auto client = static_cast<std::uint32_t>(random() % clients);
    const bool wide = client % 5 == 0;
    const auto server = static_cast<std::uint32_t>(wide ? random() % 7'000 : client % 97 + random() % 4);
    now += std::chrono::microseconds(1'000);
    events[i] = {.time = now,
                 .client = IpAddress::v4(0xac10'0000U + client),
                 .server = IpAddress::v4(0x2d00'0019U + (server << 8)),
                 .server_port = static_cast<std::uint16_t>(wide ? 25 : 587)};
    if (i % 3 == 1) events[i].kind = ConnectionEvent::Kind::Established;
    if (i % 3 == 2) {
      events[i].kind = ConnectionEvent::Kind::Judged;
      events[i].outcome = wide && random() % 2 == 0 ? Outcome::Short : Outcome::Delivered;
    }
  }
  return events;
}

void print(const char* name, double took_ns, std::size_t bytes, unsigned clients, std::size_t events) {
  const double each = took_ns / static_cast<double>(events);
  fmt::print("{:<52} {:6.1f} ns an event, {:5.1f} million a second and core, {:6.1f} MiB, {:5} bytes a client\n", name,
             each, 1e3 / each, static_cast<double>(bytes) / 0x1p20, bytes / clients);
}

void measure(const char* name, unsigned clients, const std::vector<ConnectionEvent>& events, DetectSettings settings) {
  const std::size_t before = mallinfo2().uordblks + mallinfo2().hblkhd;
  Detector detector(std::move(settings), KeyedHash({}));
  const double start = processor_ns();
  for (std::size_t i = 0; i < events.size(); i += kBatch)
    detector.observe(std::span(events).subspan(i, std::min(kBatch, events.size() - i)));
  const double took = processor_ns() - start;
  const std::size_t findings = detector.take_findings().size();
  const std::size_t bytes = mallinfo2().uordblks + mallinfo2().hblkhd - before;
  print(name, took, bytes, clients, events.size());
  fmt::print("{:<52} {} findings\n", "", findings);
}

struct Counters {
  std::uint32_t opened = 0, established = 0, failed = 0, shorts = 0, delivered = 0;
  Time last_seen;
  void note(const ConnectionEvent& event) {
    last_seen = event.time;
    if (event.kind == ConnectionEvent::Kind::Opened) ++opened;
    if (event.kind == ConnectionEvent::Kind::Established) ++established;
    if (event.outcome == Outcome::NoAnswer || event.outcome == Outcome::Refused) ++failed;
    if (event.outcome == Outcome::Short) ++shorts;
    if (event.outcome == Outcome::Delivered) ++delivered;
  }
};

struct CountersAndServers : Counters {
  std::unordered_set<IpAddress> servers;
  void note(const ConnectionEvent& event) {
    Counters::note(event);
    servers.insert(event.server);
  }
};

template <typename Map>
void measure_map(const char* name, unsigned clients, const std::vector<ConnectionEvent>& events) {
  const std::size_t before = mallinfo2().uordblks + mallinfo2().hblkhd;
  Map map;
  const double start = processor_ns();
  for (const ConnectionEvent& event : events) map[event.client].note(event);
  print(name, processor_ns() - start, mallinfo2().uordblks + mallinfo2().hblkhd - before, clients, events.size());
}

// 10,000 clients of which 200 contact 7,000 servers each.
void measure_wide_recording() {
  std::vector<ConnectionEvent> events;
  for (std::uint32_t i = 0; i < 200 * 7'000; ++i) {
    events.push_back({.client = IpAddress::v4(0xac10'0000U + i % 200),
                      .server = IpAddress::v4(0x2d00'0019U + (i / 200 << 8)),
                      .server_port = 25,
                      .view = View::FirstPackets});
  }
  for (std::uint32_t i = 200; i < 10'000; ++i) {
    events.push_back({.client = IpAddress::v4(0xac10'0000U + i),
                      .server = IpAddress::v4(0x2d00'0019U),
                      .server_port = 587,
                      .view = View::FirstPackets});
  }
  measure("recording, 200 of 10,000 are wide", 10'000, events, {.recorded = true, .exact_destinations = true});
}

}  // namespace
}  // namespace mailweir

int main(int argc, char** argv) {
  using namespace mailweir;
  const auto clients = static_cast<unsigned>(argc > 1 ? std::atoi(argv[1]) : 1'000'000);
  const auto count = static_cast<std::size_t>(argc > 2 ? std::atoll(argv[2]) : 12'000'000);
  const auto events = make_events(clients, count);
  bench::Report report(1, argv, fmt::format("Cost of an event: {} clients, {} events", clients, count), {});
  measure("live", clients, events, {});
  if (argc > 3) return 0;
  measure("recording, exact destinations", clients, events, {.recorded = true, .exact_destinations = true});
  measure_map<std::unordered_map<IpAddress, Counters>>("std::unordered_map of counters", clients, events);
  measure_map<boost::unordered_flat_map<IpAddress, Counters, std::hash<IpAddress>>>(
      "boost::unordered_flat_map of counters", clients, events);
  measure_map<std::unordered_map<IpAddress, CountersAndServers>>("std::unordered_map of counters and sets of servers",
                                                                 clients, events);
  measure_wide_recording();
}
