// Who is blocked, after how many connections, and who is harmed: the made-up world of docs/world.md, for long enough
// to show what docs/detection.md claims.
//
// usage: detection [--scale=0.1] [--users=N] [--days=1] [--gateway=1..3] [--seed=N] [--threads=2] [--gate]
//
// Three gateways in turn: one that sees MX queries, one that does not, and one whose mail servers are all registered.
#include <fmt/format.h>

#include <cmath>

#include "bench/support/report.h"
#include "tests/world/crowds.h"
#include "tests/world/table.h"

namespace mailweir::bench {
namespace {

using namespace world;

struct Gateway {
  const char* name;
  bool mx_visible = false;
  bool servers_registered = false;
  // Targets: connections to the verdict of bots at 6 to 600 an hour.
  std::uint32_t median = 0, ninetieth = 0;
};

constexpr Gateway kGateways[] = {
    {"MX queries and inbound mail visible, nobody registered", true, false, 10, 30},
    {"Neither visible, nobody registered", false, false, 12, 30},
    {"MX queries and inbound mail visible, every mail server registered", true, true, 7, 12},
};

constexpr double kServersBlockedMax = 0.002;

Numbers scaled(double scale, bool servers_registered) {
  const auto of = [&](double number) { return static_cast<unsigned>(std::lround(number * scale)); };
  Numbers numbers{
      .ordinary = of(3e6), .shared = of(10'000), .odd = of(500), .servers = of(2'000), .spammers = of(2'000)};
  if (servers_registered) numbers.servers = 0;  // all of them would be exempt
  return numbers;
}

// Three deviations above the expected count: at deep levels a handful of clients decide.
bool survives_within_bound(const Tally& tally) {
  const auto days = static_cast<double>(tally.client_days);
  for (std::size_t i = 0; i < Tally::kLevels.size(); ++i) {
    const double expected = tally.survival_bound(i) * days;
    if (static_cast<double>(tally.reached[i]) > expected + 3 * std::sqrt(expected)) return false;
  }
  return true;
}

void judge_people(Report& report, const std::vector<Tally>& tallies) {
  for (const Tally& tally : tallies) {
    if (tally.kind != Population::Kind::User) continue;
    report.target(fmt::format("{}: 0 blocked in {} client-days (fewer than {:.2g} per 10,000 and day)", tally.name,
                              tally.client_days, 3e4 / static_cast<double>(tally.client_days)),
                  tally.called() == 0);
    report.target(fmt::format("{}: L survives no longer than n e^-x at x = 2, 4, 6, 8", tally.name),
                  survives_within_bound(tally));
  }
}

void judge_servers(Report& report, const std::vector<Tally>& tallies) {
  for (const Tally& tally : tallies) {
    if (tally.kind != Population::Kind::Server || tally.clients == 0) continue;
    report.target(fmt::format("{}: at most {:.1f} % blocked ({:.2f} %)", tally.name, 100 * kServersBlockedMax,
                              100 * tally.called_share()),
                  tally.called_share() <= kServersBlockedMax);
  }
}

void judge_bots(Report& report, const std::vector<Tally>& tallies, const Gateway& gateway) {
  for (const std::string_view name : {row::kBot600, row::kBot60, row::kBot6}) {
    const Tally& bot = tally_of(tallies, name);
    report.target(fmt::format("{}: blocked after {} connections at the median, {} at the 90th percentile", name,
                              gateway.median, gateway.ninetieth),
                  bot.connections_at(0.5) <= gateway.median && bot.connections_at(0.9) <= gateway.ninetieth);
  }
}

void live_behind(Report& report, const Gateway& gateway, double scale) {
  Numbers numbers = scaled(scale, gateway.servers_registered);
  numbers.ordinary = static_cast<unsigned>(report.number("users", numbers.ordinary));
  const Run run{.sites = std::max(1U, static_cast<unsigned>(1'000 * scale)),
                .days = static_cast<unsigned>(report.number("days", 1)),
                .threads = static_cast<unsigned>(report.number("threads", 2)),
                .seed = static_cast<std::uint64_t>(report.number("seed", 20261122)),
                .survival = true};
  const std::int64_t start = monotonic_ns();
  const auto tallies = live_through(
      crowds(numbers),
      [&](const std::vector<IpPrefix>& mail_servers) {
        DetectSettings settings;
        settings.servers_registered = gateway.servers_registered;
        settings.mail_servers = mail_servers;
        return std::make_unique<DetectorJudge>(
            settings, Sightlines{.mx_queries = gateway.mx_visible, .inbound = gateway.mx_visible});
      },
      run);
  fmt::print("\n{} (seed {}, {} sites of about {} clients, {} days, {:.0f} s)\n{}{}", gateway.name, run.seed, run.sites,
             3'000, run.days, static_cast<double>(monotonic_ns() - start) / 1e9, verdict_table(tallies),
             survival_table(tallies));
  judge_people(report, tallies);
  judge_servers(report, tallies);
  judge_bots(report, tallies, gateway);
}

}  // namespace
}  // namespace mailweir::bench

int main(int argc, char** argv) {
  using namespace mailweir::bench;
  Report report(argc, argv, "Who is blocked, after how many connections, and who is harmed",
                {"scale", "users", "seed", "threads", "days", "gateway"});
  const double only = report.number("gateway", 0);
  for (std::size_t i = 0; i < std::size(kGateways); ++i) {
    if (only == 0 || only == static_cast<double>(i + 1)) live_behind(report, kGateways[i], report.number("scale", 1));
  }
  return report.exit_status();
}
