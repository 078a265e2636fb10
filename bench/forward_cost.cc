// What does a packet that is not mail pay for our table: against no filter table at all, and against the same hook
// without a rule?
//
// The way through the masquerading gateway runs on core 0, in the calls that send. The rulesets alternate within a
// tenth of a second, forwards and then backwards (A B C C B A), so that a drift of the machine takes from all the same;
// each such round gives one ratio of packets per second of processor time for every pair. Told is the median of these
// ratios with its 95 % confidence interval; rounds go on until every interval is narrower than 1 %.
//
// usage: forward_cost [--rounds=MOST] [--slice=SECONDS] [--load=NUMBER] [--guard] [--gate]
//   --guard: also with what `mailweir run` asks of the kernel besides the table: counting and conntrack's events
#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <optional>

#include "apply/linux_kernel.h"
#include "base/must.h"
#include "bench/support/packet_generator.h"
#include "bench/support/report.h"
#include "bench/support/road.h"
#include "compile/compile.h"
#include "ingest/conntrack.h"
#include "sys/enclosure.h"
#include "sys/kernel_setting.h"
#include "tests/support/watch_table.h"

namespace mailweir::bench {
namespace {

constexpr std::size_t kBlocks = 100'000;
constexpr double kTarget = 0.97;
constexpr double kWidthMax = 0.01;
constexpr std::size_t kRoundsMin = 20;
constexpr char kAccounting[] = "net/netfilter/nf_conntrack_acct";

struct Rules {
  std::string name;
  std::function<void()> on, off;
};

struct Load {
  std::string name;
  Traffic traffic;
};
const std::vector<Load> kLoads = {
    {"UDP 443, known flows, smallest packets", {.kind = Traffic::Kind::Udp}},
    {"TCP 443, known flows, smallest packets", {.kind = Traffic::Kind::TcpAck}},
    {"UDP 443, known flows, IMIX", {.kind = Traffic::Kind::Udp, .imix = true}},
    {"TCP 443, known flows, IMIX", {.kind = Traffic::Kind::TcpAck, .imix = true}},
    {"UDP 443, new flows, smallest packets", {.kind = Traffic::Kind::Udp, .flows = 0}},
    {"TCP 443, new flows, smallest packets", {.kind = Traffic::Kind::TcpSyn, .flows = 0}},
    {"UDP 443, new flows, IMIX", {.kind = Traffic::Kind::Udp, .flows = 0, .imix = true}},
};

// Tables are loaded once and sleep while others are measured: making one leaves work behind for the next slice.
Rules sleeping(const std::string& name, const std::string& table) {
  const auto off = [table] { run_nft("add table " + table + " { flags dormant; }"); };
  off();
  return {name, [table] { run_nft("add table " + table); }, off};
}

Rules hook_alone() {
  run_nft("add table inet peer\nadd chain inet peer f { type filter hook forward priority filter - 5; }\n");
  return sleeping("the same hook, no rule", "inet peer");
}

Rules product() {
  WatchTable wanted;
  wanted.clients = {*IpPrefix::parse("172.16.0.0/12"), *IpPrefix::parse("fd16::/32")};
  wanted.ports = {25, 465, 587};
  wanted.log_group = 25;
  auto kernel = open_linux_kernel();
  MUST(kernel && (*kernel)->install(wanted.compiled()));
  std::vector<Block> blocks;
  for (std::uint32_t i = 0; i < kBlocks; ++i) {
    const IpPrefix client = IpPrefix::host(IpAddress::v4(0xac18'0000 + i));  // nobody sends from there
    blocks.push_back({client, BlockScope::AllSending, "mw-20261122-0001", std::chrono::hours(24), {}, 0});
  }
  MUST((*kernel)->add_blocks(blocks));
  return sleeping("mailweir, 100,000 blocks", "inet mailweir");
}

// What `run` adds to its table: byte counters of connections, and a filtered listener to their events.
Rules guarded(const Rules& table) {
  static std::optional<ConntrackSource> events;
  const auto on = [table] {
    table.on();
    MUST(write_kernel_setting(kAccounting, 1));
    constexpr std::uint16_t kPorts[] = {25, 465, 587};
    auto opened = ConntrackSource::open(kPorts);
    MUST(opened);
    events.emplace(std::move(*opened));
  };
  const auto off = [table] {
    events.reset();
    MUST(write_kernel_setting(kAccounting, 0));
    table.off();
  };
  return {"mailweir, and what `run` asks for", on, off};
}

struct Slice {
  std::uint64_t packets = 0;
  std::int64_t spent_ns = 0;
  [[nodiscard]] double rate() const { return static_cast<double>(packets) * 1e9 / static_cast<double>(spent_ns); }
};

// Adds to `sum`: packets forwarded, and processor time of the sender and of the kernel's packet thread on its core.
void measure_slice(PacketGenerator& generator, double slice, Slice& sum) {
  forget_tracked_connections();
  (void)generator.run(0.02);
  const std::uint64_t forwarded = forwarded_packets();
  const std::int64_t begin = thread_cpu_ns() + softirq_thread_cpu_ns(0);
  (void)generator.run(slice);
  sum.spent_ns += thread_cpu_ns() + softirq_thread_cpu_ns(0) - begin;
  sum.packets += forwarded_packets() - forwarded;
}

std::string text_of(const Median& median) {
  return fmt::format("{:.4f} ({:.4f} - {:.4f})", median.value, median.low, median.high);
}

bool is_narrow(const std::vector<double>& ratios) {
  const Median median = median_of(ratios);
  return ratios.size() >= kRoundsMin && median.high - median.low < kWidthMax;
}

int measure(Report& report) {
  pin_to(0);
  auto road = Road::build(true);
  MUST(road);
  std::vector<Rules> rules{{"no filter table", [] {}, [] {}}, hook_alone(), product()};
  if (report.has("guard")) rules.push_back(guarded(rules.back()));
  const auto rounds_max = static_cast<std::size_t>(report.number("rounds", 300));
  const double slice = report.number("slice", 0.05);
  for (std::size_t number = 0; number < kLoads.size(); ++number) {
    const Load& load = kLoads[number];
    if (report.has("load") && static_cast<std::size_t>(report.number("load", 0)) != number) continue;
    auto generator = PacketGenerator::open(*road, load.traffic);
    MUST(generator);
    std::vector<std::vector<double>> rates(rules.size()), to_none(rules.size()), to_hook(rules.size());
    bool narrow = false;
    for (std::size_t round = 0; round < rounds_max && !narrow; ++round) {
      std::vector<Slice> sums(rules.size());
      for (std::size_t step = 0; step < 2 * rules.size(); ++step) {
        const std::size_t place = step < rules.size() ? step : 2 * rules.size() - 1 - step;
        const std::size_t which = (place + round) % rules.size();
        rules[which].on();
        measure_slice(*generator, slice, sums[which]);
        rules[which].off();
      }
      narrow = true;
      for (std::size_t i = 0; i < rules.size(); ++i) {
        rates[i].push_back(sums[i].rate());
        to_none[i].push_back(sums[i].rate() / sums[0].rate());
        to_hook[i].push_back(sums[i].rate() / sums[1].rate());
        narrow = narrow && is_narrow(to_none[i]) && is_narrow(to_hook[i]);
      }
    }
    fmt::print("\n{} ({} rounds)\n  {:36} {:>13} {:>8} {:>26} {:>26}\n", load.name, rates[0].size(), "",
               "packets/CPU-s", "ns more", "against no table", "against the hook alone");
    for (std::size_t i = 0; i < rules.size(); ++i) {
      fmt::print("  {:36} {:>13.0f} {:>8.0f} {:>26} {:>26}\n", rules[i].name, quantile(rates[i], 0.5),
                 1e9 / quantile(rates[i], 0.5) - 1e9 / quantile(rates[0], 0.5),
                 i == 0 ? "" : text_of(median_of(to_none[i])), i < 2 ? "" : text_of(median_of(to_hook[i])));
    }
    report.target("every confidence interval narrower than 1 %", narrow);
    report.target("within 3 % of no table at all", median_of(to_none[2]).value >= kTarget);
    report.target("within 3 % of the hook without a rule", median_of(to_hook[2]).value >= kTarget);
  }
  return report.exit_status();
}

}  // namespace
}  // namespace mailweir::bench

int main(int argc, char** argv) {
  using namespace mailweir::bench;
  Report report(argc, argv, "What a forwarded packet that is not mail pays for our table",
                {"rounds", "slice", "load", "guard"});
  const auto status = mailweir::run_enclosed(mailweir::Walls::Network, [&] { return measure(report); });
  if (!status) fmt::print(stderr, "no namespaces here: {}\n", status.error().text());
  return status.value_or(4);
}
