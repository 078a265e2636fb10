// How much memory does each client take while the detector holds ten thousand, or a million?
//
// The resident set of the whole process after that many clients made three connections each to mail servers of their
// own, and one in fifty to eight; every client is held at the end (detect_observe asks what an event costs when clients
// come in a random order).
//
// usage: memory [--gate]
#include <fmt/format.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>
#include <string>

#include "base/must.h"
#include "bench/support/report.h"
#include "detect/client_record.h"
#include "detect/detector.h"

namespace mailweir::bench {
namespace {

constexpr double kTargetMiB = 96;          // of a million clients, in all
constexpr std::uint32_t kSuspicious = 50;  // one client in so many (docs/detection.md, section 3.2: 2 %)

double resident_bytes() {
  std::ifstream statm("/proc/self/statm");
  double total = 0, resident = 0;
  statm >> total >> resident;
  return resident * static_cast<double>(sysconf(_SC_PAGESIZE));
}

IpAddress v4(std::uint32_t number) {
  const std::uint8_t bytes[] = {static_cast<std::uint8_t>(number >> 24), static_cast<std::uint8_t>(number >> 16),
                                static_cast<std::uint8_t>(number >> 8), static_cast<std::uint8_t>(number)};
  return IpAddress::v4(bytes);
}

struct Use {
  double resident = 0, ns_per_event = 0;  // bytes
  std::size_t wide = 0;
};

Use measure(std::uint32_t clients) {
  Detector detector({}, KeyedHash(KeyedHash::Key{}));
  const std::int64_t begin = thread_cpu_ns();
  std::uint64_t events = 0;
  for (std::uint32_t round = 0; round < 8; ++round) {
    const std::uint32_t step = round < 3 ? 1 : kSuspicious;
    for (std::uint32_t client = 0; client < clients; client += step) {
      ConnectionEvent event;
      event.time = Time(std::chrono::seconds(1'700'000'000 + round * 100));
      event.client = v4(0x0a00'0000 + client);
      event.server = v4(0xc612'0000 + (client * 7 + round) % 400 * 256 + 10);
      event.client_port = static_cast<std::uint16_t>(30'000 + round);
      event.server_port = 25;
      for (const auto kind : {ConnectionEvent::Kind::Opened, ConnectionEvent::Kind::Established}) {
        event.kind = kind;
        detector.observe(event);
        ++events;
      }
    }
  }
  const auto spent = static_cast<double>(thread_cpu_ns() - begin);
  MUST(detector.counters().clients == clients);
  return {resident_bytes(), spent / static_cast<double>(events), detector.counters().wide_clients};
}

}  // namespace
}  // namespace mailweir::bench

int main(int argc, char** argv) {
  using namespace mailweir::bench;
  Report report(argc, argv, "Memory of the detector", {});
  fmt::print("a record has {} bytes\n", sizeof(mailweir::ClientRecord));
  fmt::print("{:>12} {:>12} {:>14} {:>18} {:>12}\n", "clients", "in detail", "resident, MiB", "bytes a client",
             "ns an event");
  double resident = 0;
  for (const std::uint32_t clients : {10'000U, 100'000U, 1'000'000U}) {
    // Each in a process of its own: memory once used is not given back.
    int ends[2];
    MUST(pipe(ends) == 0);
    const pid_t child = fork();
    MUST(child >= 0);
    if (child != 0) close(ends[1]);
    if (child == 0) {
      const Use use = measure(clients);
      _exit(write(ends[1], &use, sizeof use) == sizeof use ? 0 : 1);
    }
    Use use;
    MUST(read(ends[0], &use, sizeof use) == sizeof use && waitpid(child, nullptr, 0) == child);
    close(ends[0]);
    resident = use.resident / 0x1p20;
    fmt::print("{:>12} {:>12} {:>14.1f} {:>18.0f} {:>12.0f}\n", clients, use.wide, resident, use.resident / clients,
               use.ns_per_event);
  }
  report.target(fmt::format("at most {:.0f} MiB resident with a million clients", kTargetMiB), resident <= kTargetMiB);
  return report.exit_status();
}
