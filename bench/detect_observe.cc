// How much processor time does the detector take per event, and how many bytes per client?
//
// usage: detect_observe [CLIENTS] [EVENTS]
//
// Four of five clients are ordinary users of one to four servers, the fifth writes to ever new ones on port 25. The
// order of clients is random, so that every event meets a record that is not in the nearest cache.
#include <fmt/format.h>
#include <malloc.h>
#include <time.h>

#include <cstdlib>
#include <random>
#include <vector>

#include "base/keyed_hash.h"
#include "detect/detector.h"
#include "record/connection_event.h"

namespace mailweir {
namespace {

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

void measure(const char* name, unsigned clients, const std::vector<ConnectionEvent>& events, DetectSettings settings) {
  const std::size_t before = mallinfo2().uordblks + mallinfo2().hblkhd;
  Detector detector(std::move(settings), KeyedHash({}));
  const double start = processor_ns();
  for (const ConnectionEvent& event : events) detector.observe(event);
  const double took = processor_ns() - start;
  const std::size_t findings = detector.take_findings().size();
  const std::size_t bytes = mallinfo2().uordblks + mallinfo2().hblkhd - before;
  fmt::print("{:<36} {:6.1f} ns per event, {:6.1f} MiB, {:5} bytes per client, {} findings\n", name,
             took / static_cast<double>(events.size()), static_cast<double>(bytes) / 0x1p20, bytes / clients, findings);
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
  const auto clients = static_cast<unsigned>(argc > 1 ? std::atoi(argv[1]) : 10'000);
  const auto count = static_cast<std::size_t>(argc > 2 ? std::atoll(argv[2]) : 6'000'000);
  const auto events = make_events(clients, count);
  fmt::print("{} clients, {} events\n", clients, count);
  measure("live", clients, events, {});
  measure("recording, exact destinations", clients, events, {.recorded = true, .exact_destinations = true});
  measure_wide_recording();
}
