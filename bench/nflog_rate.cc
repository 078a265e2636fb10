// How many first packets of mail connections a second reach us without loss, and what each costs?
//
// The generator and the gateway's forwarding run on core 0, the reader on core 1. The table is the product's, with
// 10,000 clients sending SYNs to port 25; a connection is begun anew when its turn comes again. How much is sent is
// what core 0 can generate, track and log: where nothing is lost, the reader was not the limit.
//
// usage: nflog_rate [--seconds=N] [--no-peers] [--only-reader] [--only-detect] [--gate]
#include <fmt/format.h>
#include <signal.h>

#include <algorithm>
#include <atomic>
#include <filesystem>
#include <fstream>
#include <thread>

#include "apply/linux_kernel.h"
#include "base/must.h"
#include "bench/support/child.h"
#include "bench/support/packet_generator.h"
#include "bench/support/report.h"
#include "bench/support/road.h"
#include "compile/compile.h"
#include "detect/detector.h"
#include "ingest/live_connections.h"
#include "ingest/nflog.h"
#include "sys/clock.h"
#include "sys/enclosure.h"
#include "sys/poller.h"
#include "tests/support/watch_table.h"

namespace mailweir::bench {
namespace {

constexpr std::uint16_t kGroup = 25;
constexpr double kTarget = 500'000;
constexpr std::uint32_t kFlows = 10'000;
constexpr int kGeneratorCore = 0, kReaderCore = 1;

CompiledTable product_table() {
  WatchTable wanted;
  wanted.clients = {*IpPrefix::parse("172.16.0.0/12"), *IpPrefix::parse("fd16::/32")};
  wanted.ports = {25, 465, 587};
  wanted.log_group = kGroup;
  return wanted.compiled();
}

struct Sent {
  std::uint64_t packets = 0;
  double per_second = 0;
};

Sent generate(PacketGenerator& generator, double seconds, double rate) {
  Sent sent;
  std::thread thread([&] {
    pin_to(kGeneratorCore);
    const auto begin = monotonic_ns();
    sent.packets = generator.run(seconds, rate);
    sent.per_second = static_cast<double>(sent.packets) * 1e9 / static_cast<double>(monotonic_ns() - begin);
  });
  thread.join();
  return sent;
}

void print_row(std::string_view what, const Sent& sent, std::uint64_t delivered, std::string_view lost, double cpu_ns) {
  fmt::print("{:34} {:>9.0f} {:>10} {:>10} {:>22} {:>8.0f}\n", what, sent.per_second, sent.packets, delivered, lost,
             cpu_ns / std::max<double>(1, static_cast<double>(delivered)));
  std::fflush(stdout);
}

struct Delivery {
  double per_second = 0;
  bool all = false;
};

Delivery measure_product(const Road& road, double seconds, double rate, bool detect) {
  auto generator = PacketGenerator::open(road, {.kind = Traffic::Kind::TcpSyn, .port = 25, .flows = kFlows});
  auto source = NflogSource::open(kGroup);
  auto poller = Poller::open();
  MUST(generator && source && poller);
  MUST(poller->watch(source->fd(), 0));
  forget_tracked_connections();

  std::atomic<bool> ended = false;
  double cpu_ns = 0;
  std::uint64_t steps = 0;
  std::thread reader([&] {
    pin_to(kReaderCore);
    SystemClock clock;
    LiveConnections connections;
    Detector detector({}, KeyedHash(KeyedHash::Key{}));
    std::vector<LoggedPacket> packets;
    std::vector<ConnectionEvent> events;
    const std::int64_t begin = thread_cpu_ns();
    while (!ended) {
      const std::optional<Time> check = source->next_check();
      const Duration patience = check ? *check - clock.now() : Duration(std::chrono::milliseconds(20));
      MUST(poller->wait(std::min<Duration>(patience, std::chrono::milliseconds(20))));
      packets.clear();
      MUST(source->read(clock, packets));
      ++steps;
      if (!detect) continue;
      events.clear();
      for (const LoggedPacket& logged : packets) connections.sighted(logged.packet, events);
      connections.advance(clock.now(), events);
      for (const ConnectionEvent& event : events) detector.observe(event);
      (void)detector.take_findings();
    }
    cpu_ns = static_cast<double>(thread_cpu_ns() - begin);
  });
  const Sent sent = generate(*generator, seconds, rate);
  std::this_thread::sleep_for(std::chrono::milliseconds(200));  // the last of it is flushed
  ended = true;
  reader.join();

  const NflogCounters& counters = source->counters();
  print_row(fmt::format("mailweir, {}{}", detect ? "read and judged" : "read and decoded",
                        rate > 0 ? fmt::format(", {:.0f}k/s", rate / 1000) : ""),
            sent, counters.packets, fmt::format("{} ({} ENOBUFS)", counters.lost, counters.overruns), cpu_ns);
  if (counters.packets + counters.lost != sent.packets) {
    fmt::print("  (the gateway logged {} of {})\n", counters.packets + counters.lost, sent.packets);
  }
  return {sent.per_second, counters.lost == 0 && counters.overruns == 0};
}

Sent generate_beside(const Road& road, double seconds) {
  auto generator = PacketGenerator::open(road, {.kind = Traffic::Kind::TcpSyn, .port = 25, .flows = kFlows});
  MUST(generator);
  forget_tracked_connections();
  return generate(*generator, seconds, 0);
}

// "123 packets captured": the number before these words.
std::uint64_t number_before(const std::string& text, const std::string& words) {
  const auto end = text.find(words);
  if (end == std::string::npos) return 0;
  const auto begin = text.find_last_not_of("0123456789", end - 1);
  return std::strtoull(text.c_str() + (begin == std::string::npos ? 0 : begin + 1), nullptr, 10);
}

void measure_tcpdump(const Road& road, double seconds, const std::string& folder) {
  Child tcpdump({"tcpdump", "-i", fmt::format("nflog:{}", kGroup), "-w", folder + "/tcpdump.pcap", "-Z", "root"},
                kReaderCore);
  std::this_thread::sleep_for(std::chrono::milliseconds(500));
  const Sent sent = generate_beside(road, seconds);
  std::this_thread::sleep_for(std::chrono::milliseconds(1500));
  const Child::End end = tcpdump.stop(SIGINT);
  print_row("tcpdump -i nflog:N -w, defaults", sent, number_before(end.err, " packets captured"),
            fmt::format("{} reported", number_before(end.err, " packets dropped by kernel")),
            static_cast<double>(end.cpu_ns));
}

void measure_ulogd(const Road& road, double seconds, const std::string& folder) {
  const std::string log = folder + "/ulogd.log";
  const std::string plugins = "/usr/lib/x86_64-linux-gnu/ulogd/ulogd_";
  std::ofstream configuration(folder + "/ulogd.conf");
  configuration << "[global]\nlogfile=\"" << folder << "/ulogd.messages\"\n";
  for (const char* plugin :
       {"inppkt_NFLOG", "raw2packet_BASE", "filter_IFINDEX", "filter_IP2STR", "filter_PRINTPKT", "output_LOGEMU"}) {
    configuration << "plugin=\"" << plugins << plugin << ".so\"\n";
  }
  configuration << "stack=log1:NFLOG,base1:BASE,ifi1:IFINDEX,ip2str1:IP2STR,print1:PRINTPKT,emu1:LOGEMU\n"
                << "[log1]\ngroup=" << kGroup << "\n[emu1]\nfile=\"" << log << "\"\nsync=0\n";
  configuration.close();
  Child ulogd({"ulogd", "-c", folder + "/ulogd.conf"}, kReaderCore);
  std::this_thread::sleep_for(std::chrono::milliseconds(500));
  const Sent sent = generate_beside(road, seconds);
  std::this_thread::sleep_for(std::chrono::milliseconds(1500));
  const Child::End end = ulogd.stop(SIGTERM);
  std::ifstream written(log);
  const auto lines = static_cast<std::uint64_t>(
      std::count(std::istreambuf_iterator<char>(written), std::istreambuf_iterator<char>(), '\n'));
  print_row("ulogd2 -> text file, defaults", sent, lines, fmt::format("{} missing", sent.packets - lines),
            static_cast<double>(end.cpu_ns));
}

int measure(Report& report) {
  const double seconds = report.number("seconds", 3);
  auto road = Road::build(false);
  auto kernel = open_linux_kernel();
  MUST(road && kernel);
  MUST((*kernel)->install(product_table()));
  fmt::print("{:34} {:>9} {:>10} {:>10} {:>22} {:>8}\n", "reader", "sent/s", "sent", "delivered", "lost", "ns/event");
  double lossless = 0;  // the best rate of the whole way, from packet to judgement
  bool lost = false;
  for (const bool detect : {false, true}) {
    if (report.has(detect ? "only-reader" : "only-detect")) continue;
    for (const double rate : {100'000.0, kTarget, 0.0}) {
      const Delivery delivery = measure_product(*road, seconds, rate, detect);
      lost |= !delivery.all;
      if (delivery.all) lossless = std::max(lossless, delivery.per_second);
    }
  }
  if (!report.has("no-peers")) {
    const std::string folder = fmt::format("/dev/shm/mailweir-bench.{}", getpid());
    std::filesystem::create_directory(folder);
    if (is_installed("tcpdump")) measure_tcpdump(*road, seconds, folder);
    if (is_installed("ulogd")) measure_ulogd(*road, seconds, folder);
    std::filesystem::remove_all(folder);
  }
  // 1 %: what pacing in batches may fall short of.
  report.target(fmt::format("at least 500,000 events/s without loss ({:.0f} delivered{})", lossless,
                            lost                 ? ", losses above"
                            : lossless < kTarget ? "; the generator managed no more"
                                                 : ""),
                !lost && lossless >= 0.99 * kTarget);
  return report.exit_status();
}

}  // namespace
}  // namespace mailweir::bench

int main(int argc, char** argv) {
  using namespace mailweir::bench;
  Report report(argc, argv, "Events a second through NFLOG, and what each costs",
                {"seconds", "no-peers", "only-reader", "only-detect"});
  const auto status = mailweir::run_enclosed(mailweir::Walls::Network, [&] { return measure(report); });
  if (!status) fmt::print(stderr, "no namespaces here: {}\n", status.error().text());
  return status.value_or(4);
}
