// What does our table cost traffic that is not mail, beside no rules at all and beside what people use instead?
//
// The way through the gateway runs on core 0, in the calls that send. Every kind of rules is put in place in turn, for
// a fifth of a second, many times round; what is compared is packets per second of processor time with those of the
// empty ruleset of the same round, and the median of these ratios is told. "empty again" shows how far noise goes.
//
// usage: forward [--rounds=N] [--slice=SECONDS] [--load=NUMBER] [--no-peers] [--hooks] [--no-nat] [--gate]
//   --hooks: other ways to write the first rule, for whoever wants to improve it
//   --no-nat: a plain router, where nothing but our table asks for connection tracking. A sleeping table would go on
//   asking, so there it is put in place and taken away, with fewer blocks.
#include <fmt/format.h>

#include <functional>
#include <map>
#include <optional>

#include "apply/linux_kernel.h"
#include "base/must.h"
#include "bench/support/child.h"
#include "bench/support/packet_generator.h"
#include "bench/support/report.h"
#include "bench/support/road.h"
#include "compile/compile.h"
#include "sys/enclosure.h"
#include "tests/support/watch_table.h"

namespace mailweir::bench {
namespace {

constexpr std::size_t kBlocks = 100'000;
constexpr double kTarget = 0.97;

struct Rules {
  std::string name;
  std::function<void()> on, off;
};

struct Load {
  std::string name;
  Traffic traffic;
  bool gated = true;
};

const std::vector<Load> kLoads = {
    {"UDP 443, 10,000 flows", {.kind = Traffic::Kind::Udp, .flows = 10'000}},
    {"TCP 443, 10,000 flows", {.kind = Traffic::Kind::TcpAck, .flows = 10'000}},
    {"TCP 443, new each time", {.kind = Traffic::Kind::TcpSyn, .flows = 0}},
    {"UDP 443, new each time", {.kind = Traffic::Kind::Udp, .flows = 0}},
    {"TCP 25, 10,000 flows", {.kind = Traffic::Kind::TcpAck, .port = 25, .flows = 10'000}, false},
};

// Clients nobody sends from: what is measured never meets a block.
IpPrefix blocked_client(std::size_t number) {
  const auto n = static_cast<std::uint32_t>(number);
  const std::uint8_t bytes[] = {172, static_cast<std::uint8_t>(24 + (n >> 16)), static_cast<std::uint8_t>(n >> 8),
                                static_cast<std::uint8_t>(n)};
  return IpPrefix::host(IpAddress::v4(bytes));
}

std::string join_blocked(std::size_t count, const std::string& before, const std::string& after) {
  std::string text;
  for (std::size_t i = 0; i < count; ++i) text += before + blocked_client(i).base().text() + after;
  return text;
}

// Tables of nft are loaded once and sleep while others are measured: making and freeing one leaves work behind that the
// next slice would pay for.
Rules sleeping(const std::string& name, const std::string& family_and_table) {
  const auto off = [family_and_table] { run_nft("add table " + family_and_table + " { flags dormant; }"); };
  off();
  return {name, [family_and_table] { run_nft("add table " + family_and_table); }, off};
}

Rules product(bool may_sleep) {
  WatchTable wanted;
  wanted.clients = {*IpPrefix::parse("172.16.0.0/12"), *IpPrefix::parse("fd16::/32")};
  wanted.ports = {25, 465, 587};
  wanted.log_group = 25;
  const auto install = [wanted](std::size_t count) {
    auto kernel = open_linux_kernel();
    MUST(kernel && (*kernel)->install(wanted.compiled()));
    std::vector<Block> blocks;
    for (std::size_t i = 0; i < count; ++i) {
      blocks.push_back({blocked_client(i), BlockScope::AllSending, "mw-20261122-0001", std::chrono::hours(24), {}, 0});
    }
    MUST((*kernel)->add_blocks(blocks));
  };
  if (may_sleep) {
    install(kBlocks);
    return sleeping("mailweir, 100,000 blocks", "inet mailweir");
  }
  return {"mailweir, 1,000 blocks", [install] { install(1000); }, [] { run_nft("delete table inet mailweir"); }};
}

// `rules`: lines of rules for chain f, which may jump to chain mail.
Rules table(const std::string& name, const std::string& chain, const std::vector<std::string>& rules) {
  static int number = 0;
  const std::string table = fmt::format("inet peer{}", ++number);
  std::string text = fmt::format("add table {0}\nadd chain {0} f {{ type {1}; }}\nadd chain {0} mail\n", table, chain);
  if (chain.empty()) text = fmt::format("add table {0}\n", table);
  for (const std::string& rule : rules) text += fmt::format("add rule {} f {}\n", table, rule);
  run_nft(text);
  return sleeping(name, table);
}

constexpr char kForward[] = "filter hook forward priority filter - 5";

void add_hooks(std::vector<Rules>& rules) {
  const std::string three = "tcp dport { 25, 465, 587 } jump mail";
  rules.push_back(table("forward, no rule", kForward, {}));
  rules.push_back(table("forward, one port", kForward, {"tcp dport 25 jump mail"}));
  rules.push_back(table("forward, three ports", kForward, {three}));
  rules.push_back(table("forward, three ports of anything", kForward, {"th dport { 25, 465, 587 } jump mail"}));
  rules.push_back(table("forward, TCP, the bits they share", kForward,
                        {"meta l4proto tcp @th,0,32 & 0x0000fc25 == 0x00000001 jump mail"}));
  rules.push_back(table("forward, the bits they share", kForward, {"@th,0,32 & 0x0000fc25 == 0x00000001 jump mail"}));
  rules.push_back(table("prerouting, three ports", "filter hook prerouting priority mangle", {three}));
  rules.push_back(table("nat prerouting, three ports", "nat hook prerouting priority mangle", {three}));
}

void add_peers(std::vector<Rules>& rules) {
  std::vector<std::string> drops;
  for (std::size_t i = 0; i < 1000; ++i)
    drops.push_back(fmt::format("ip saddr {} drop", blocked_client(i).base().text()));
  rules.push_back(table("nft, 1,000 drop rules", kForward, drops));
  run_nft(fmt::format("add table inet wide\nadd chain inet wide f {{ type {}; }}\n", kForward) +
          "add set inet wide b { type ipv4_addr; flags interval; }\nadd rule inet wide f ip saddr @b drop\n" +
          "add element inet wide b { " + join_blocked(kBlocks, "", "/32, ") + "172.31.255.255 }\n");
  rules.push_back(sleeping("nft interval set, 100,000", "inet wide"));
  if (!is_installed("iptables-legacy-restore")) return;
  const std::string restore = "iptables-legacy-restore -w <<'END'\n*filter\n:FORWARD ACCEPT [0:0]\n";
  const std::string linear = restore + join_blocked(1000, "-A FORWARD -s ", " -j DROP\n") + "COMMIT\nEND\n";
  const std::string none = restore + "COMMIT\nEND\n";
  const auto off = [none] { run_shell(none + "iptables-legacy -F\n"); };
  rules.push_back({"iptables-legacy, 1,000 drop rules", [linear] { run_shell(linear); }, off});
  if (!is_installed("ipset")) return;
  run_shell("ipset restore <<'END'\ncreate spam hash:ip timeout 86400 maxelem 200000\n" +
            join_blocked(kBlocks, "add spam ", "\n") + "END\n");
  const std::string matched = restore + "-A FORWARD -m set --match-set spam src -j DROP\nCOMMIT\nEND\n";
  rules.push_back({"ipset 100,000, iptables-legacy", [matched] { run_shell(matched); }, off});
}

// Packets forwarded per second of processor time, of the sender and of the kernel's packet thread on its core.
double measure_slice(PacketGenerator& generator, double slice) {
  forget_tracked_connections();
  (void)generator.run(0.02);
  const std::uint64_t forwarded = forwarded_packets();
  const std::int64_t begin = thread_cpu_ns() + softirq_thread_cpu_ns(0);
  (void)generator.run(slice);
  const std::int64_t spent = thread_cpu_ns() + softirq_thread_cpu_ns(0) - begin;
  return static_cast<double>(forwarded_packets() - forwarded) * 1e9 / static_cast<double>(spent);
}

int measure(Report& report, bool peers) {
  pin_to(0);
  auto road = Road::build(!report.has("no-nat"));
  MUST(road);
  std::vector<Rules> rules;
  rules.push_back(table("empty", "", {}));
  rules.push_back(table("empty again", "", {}));
  if (peers) {
    add_peers(rules);
  } else {
    rules.push_back(product(!report.has("no-nat")));
    if (report.has("hooks")) add_hooks(rules);
  }

  const auto rounds = static_cast<int>(report.number("rounds", peers ? 5 : 25));
  const double slice = report.number("slice", 0.2);
  for (std::size_t number = 0; number < kLoads.size(); ++number) {
    const Load& load = kLoads[number];
    if (report.has("load") && static_cast<std::size_t>(report.number("load", 0)) != number) continue;
    auto generator = PacketGenerator::open(*road, load.traffic);
    MUST(generator);
    std::vector<std::vector<double>> rates(rules.size()), ratios(rules.size());
    for (int round = 0; round < rounds; ++round) {
      for (std::size_t i = 0; i < rules.size(); ++i) {
        // Every other round goes backwards, so that a drift of the machine favours nobody.
        const std::size_t which = round % 2 == 0 ? i : rules.size() - 1 - i;
        rules[which].on();
        rates[which].push_back(measure_slice(*generator, slice));
        rules[which].off();
      }
      for (std::size_t i = 0; i < rules.size(); ++i) ratios[i].push_back(rates[i].back() / rates[0].back());
    }
    fmt::print("\n{:24}{:28} {:>14} {:>14} {:>15} {:>8}\n", load.name, load.gated ? "" : "(for information)",
               "packets/CPU-s", "against empty", "middle half", "ns more");
    for (std::size_t i = 0; i < rules.size(); ++i) {
      fmt::print("  {:50} {:>14.0f} {:>14.3f}   {:.3f} - {:.3f} {:>8.0f}\n", rules[i].name, quantile(rates[i], 0.5),
                 quantile(ratios[i], 0.5), quantile(ratios[i], 0.25), quantile(ratios[i], 0.75),
                 1e9 / quantile(rates[i], 0.5) - 1e9 / quantile(rates[0], 0.5));
    }
    if (load.gated && !peers) {
      report.target(fmt::format("{}: within 3 % of empty", load.name), quantile(ratios[2], 0.5) >= kTarget);
    }
  }
  return report.exit_status();
}

}  // namespace
}  // namespace mailweir::bench

int main(int argc, char** argv) {
  using namespace mailweir::bench;
  Report report(argc, argv, "Forwarding of traffic that is not mail, against rules",
                {"rounds", "slice", "load", "no-peers", "hooks", "no-nat"});
  auto status = mailweir::run_enclosed(mailweir::Walls::Network, [&] { return measure(report, false); });
  // Apart: the tables of iptables-legacy never leave a namespace again, and "empty" would no longer be.
  if (status && !report.has("no-peers")) {
    const auto peers = mailweir::run_enclosed(mailweir::Walls::Network, [&] { return measure(report, true); });
    if (!peers || *peers != 0) status = peers;
  }
  if (!status) fmt::print(stderr, "no namespaces here: {}\n", status.error().text());
  return status.value_or(4);
}
