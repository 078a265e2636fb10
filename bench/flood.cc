// Ten million forged sources, each with one first packet: does anything grow past its limit, is anybody honest blocked
// or forgotten, are bots found all the same?
//
// usage: flood [--sources=10000000] [--gate]
#include "tests/world/flood.h"

#include <fmt/format.h>

#include "bench/support/report.h"

int main(int argc, char** argv) {
  using namespace mailweir::bench;
  Report report(argc, argv, "A flood of forged sources", {"sources"});
  const std::int64_t start = thread_cpu_ns();
  const auto result = mailweir::world::flood(static_cast<std::uint64_t>(report.number("sources", 1e7)));
  fmt::print("{} sources, {:.0f} ns each; {} first packets turned away, {} connections given up, {} clients held\n",
             result.sources, static_cast<double>(thread_cpu_ns() - start) / static_cast<double>(result.sources),
             result.turned_away, result.given_up, result.clients);
  fmt::print("resident after a tenth of it {:.1f} MiB, at its end {:.1f} MiB\n", result.bytes_before / 0x1p20,
             result.bytes_after / 0x1p20);
  report.target("nothing grows from the first tenth on (less than 8 MiB)",
                result.bytes_after - result.bytes_before < 8 * 0x1p20);
  report.target(fmt::format("of {} people nobody is blocked, nobody forgotten ({}, {})", result.honest,
                            result.honest_blocked, result.honest_forgotten),
                result.honest_blocked == 0 && result.honest_forgotten == 0);
  report.target(fmt::format("{} of {} bots found", result.bots_found, result.bots), result.bots_found == result.bots);
  return report.exit_status();
}
