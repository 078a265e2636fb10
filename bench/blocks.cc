// How long does it take to add blocks and to list them, through our door and with the nft program?
//
// Both fill sets of the same kind in the same table, to the same number. The door's adding asks for each client first
// whether it is blocked already, and is acknowledged.
//
// usage: blocks [--gate]
#include <fmt/format.h>

#include "apply/linux_kernel.h"
#include "base/must.h"
#include "bench/support/report.h"
#include "bench/support/road.h"
#include "compile/compile.h"
#include "sys/enclosure.h"
#include "sys/process.h"
#include "tests/support/watch_table.h"

namespace mailweir::bench {
namespace {

constexpr int kRepetitions = 7;

IpPrefix client(std::size_t number) {
  const auto n = static_cast<std::uint32_t>(number);
  const std::uint8_t bytes[] = {172, static_cast<std::uint8_t>(16 + (n >> 16)), static_cast<std::uint8_t>(n >> 8),
                                static_cast<std::uint8_t>(n)};
  return IpPrefix::host(IpAddress::v4(bytes));
}

std::vector<Block> blocks_from(std::size_t first, std::size_t count) {
  std::vector<Block> blocks;
  for (std::size_t i = first; i < first + count; ++i) {
    blocks.push_back(
        {client(i), BlockScope::AllSending, fmt::format("mw-20261122-{:04}", i), std::chrono::hours(1), {}, 0});
  }
  return blocks;
}

std::string nft_elements(std::size_t first, std::size_t count) {
  std::string text = "add element inet peer b { ";
  for (std::size_t i = first; i < first + count; ++i) {
    text += fmt::format("{} timeout 1h comment \"mw-20261122-{:04}\", ", client(i).base().text(), i);
  }
  text.replace(text.size() - 2, 2, " }\n");
  return text;
}

template <typename Action>
double timed_ms(const Action& action) {
  const std::int64_t begin = monotonic_ns();
  action();
  return static_cast<double>(monotonic_ns() - begin) / 1e6;
}

int measure(Report& report) {
  auto kernel = open_linux_kernel();
  WatchTable wanted;
  wanted.clients = {*IpPrefix::parse("172.16.0.0/12")};
  wanted.ports = {25, 465, 587};
  MUST(kernel);
  fmt::print("{:36} {:>14} {:>14} {:>8}\n", "milliseconds, median of 7", "our door", "nft program", "ratio");
  const auto row = [](std::string_view what, const std::vector<double>& ours, const std::vector<double>& theirs) {
    const double a = quantile(ours, 0.5), b = quantile(theirs, 0.5);
    fmt::print("{:36} {:>14.3f} {:>14.3f} {:>7.1f}x\n", what, a, b, b / a);
    return a < b;
  };
  constexpr std::size_t kAll = 100'000;
  std::vector<double> add[3], add_nft[3], list, list_nft;
  for (int repetition = 0; repetition < kRepetitions; ++repetition) {
    MUST((*kernel)->remove() && (*kernel)->install(wanted.compiled()));
    run_nft(
        "add table inet peer\ndelete table inet peer\nadd table inet peer\n"
        "add set inet peer b { type ipv4_addr; size 131072; flags timeout; counter; }\n");
    const auto all = blocks_from(0, kAll), thousand = blocks_from(kAll, 1000), one = blocks_from(kAll + 1000, 1);
    const std::string all_nft = nft_elements(0, kAll), thousand_nft = nft_elements(kAll, 1000);
    add[0].push_back(timed_ms([&] { MUST((*kernel)->add_blocks(all)); }));
    add_nft[0].push_back(timed_ms([&] { run_nft(all_nft); }));
    // Into sets that hold 100,000 already.
    add[1].push_back(timed_ms([&] { MUST((*kernel)->add_blocks(thousand)); }));
    add_nft[1].push_back(timed_ms([&] { run_nft(thousand_nft); }));
    add[2].push_back(timed_ms([&] { MUST((*kernel)->add_blocks(one)); }));
    add_nft[2].push_back(timed_ms([&] { run_nft(nft_elements(kAll + 1000, 1)); }));
    list.push_back(timed_ms([&] {
      const auto blocks = (*kernel)->blocks();
      MUST(blocks && blocks->size() == kAll + 1001);
    }));
    list_nft.push_back(timed_ms([&] {
      const auto listed = run_process({"nft", "list", "set", "inet", "peer", "b"});
      MUST(listed && listed->status == 0);
    }));
  }
  bool faster = row("add 1, to 101,000", add[2], add_nft[2]);
  faster &= row("add 1,000, to 100,000", add[1], add_nft[1]);
  faster &= row("add 100,000", add[0], add_nft[0]);
  faster &= row("list 101,001", list, list_nft);
  report.target("faster than the nft program in every row", faster);
  return report.exit_status();
}

}  // namespace
}  // namespace mailweir::bench

int main(int argc, char** argv) {
  using namespace mailweir::bench;
  Report report(argc, argv, "Adding and listing blocks", {});
  const auto status = mailweir::run_enclosed(mailweir::Walls::Network, [&] { return measure(report); });
  if (!status) fmt::print(stderr, "no namespaces here: {}\n", status.error().text());
  return status.value_or(4);
}
