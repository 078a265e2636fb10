// How much memory does each client take while the detector holds ten thousand, or a million?
//
// Growth of the resident set while that many clients make three connections each to mail servers of their own; every
// client is held at the end (detect_observe asks what an event costs when clients come in a random order). The smallest
// row also pays for pages of program and heap that are touched for the first time, so the largest is judged.
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

constexpr double kTargetBytes = 256;  // a record is 192; trades a little of it for a table that grows by chunks

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
  double bytes_per_client = 0, ns_per_event = 0;
};

Use measure(std::uint32_t clients) {
  Detector detector({}, KeyedHash(KeyedHash::Key{}));
  const double before = resident_bytes();
  const std::int64_t begin = thread_cpu_ns();
  std::uint64_t events = 0;
  for (std::uint32_t round = 0; round < 3; ++round) {
    for (std::uint32_t client = 0; client < clients; ++client) {
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
  return {(resident_bytes() - before) / clients, spent / static_cast<double>(events)};
}

}  // namespace
}  // namespace mailweir::bench

int main(int argc, char** argv) {
  using namespace mailweir::bench;
  Report report(argc, argv, "Memory of the detector", {});
  fmt::print("a record has {} bytes\n", sizeof(mailweir::ClientRecord));
  fmt::print("{:>12} {:>18} {:>12}\n", "clients", "bytes a client", "ns an event");
  double bytes = 0;
  for (const std::uint32_t clients : {10'000U, 100'000U, 1'000'000U}) {
    // Each in a process of its own: memory once used is not given back.
    int ends[2];
    MUST(pipe(ends) == 0);
    const pid_t child = fork();
    if (child == 0) {
      const Use use = measure(clients);
      _exit(write(ends[1], &use, sizeof use) == sizeof use ? 0 : 1);
    }
    Use use;
    MUST(read(ends[0], &use, sizeof use) == sizeof use && waitpid(child, nullptr, 0) == child);
    fmt::print("{:>12} {:>18.0f} {:>12.0f}\n", clients, use.bytes_per_client, use.ns_per_event);
    bytes = use.bytes_per_client;
  }
  report.target(fmt::format("at most {:.0f} bytes a client of a million", kTargetBytes), bytes <= kTargetBytes);
  return report.exit_status();
}
