// Our detector beside what others use: the baselines B1 to B5 of docs/detection.md, section 4, and fail2ban, on the
// same days of the same made-up world (docs/world.md).
//
// usage: detection_compared [--scale=0.1] [--seed=N] [--threads=2] [--gate]
//
// One line per method and threshold: whom it harms, whom it finds, how soon. fail2ban, which is slow, sees a smaller
// part.
#include <fmt/format.h>

#include <cmath>

#include "bench/peers/fail2ban.h"
#include "bench/peers/rules.h"
#include "bench/support/report.h"
#include "tests/world/crowds.h"

namespace mailweir::bench {
namespace {

using namespace world;

constexpr Sightlines kSightlines{.mx_queries = true};

struct Method {
  std::string name;
  MakeJudge make;
};

Method by_connections(const char* name, std::chrono::seconds window, unsigned limit) {
  return {name, [=](const auto&) { return window_judge({window, limit}); }};
}

Method ours(double threshold) {
  return {
      fmt::format("mailweir, L >= {}{}", threshold, threshold == DetectSettings{}.user_threshold ? " (default)" : ""),
      [=](const std::vector<IpPrefix>& mail_servers) {
        DetectSettings settings;
        settings.user_threshold = threshold;
        settings.mail_servers = mail_servers;
        return std::make_unique<DetectorJudge>(settings, kSightlines);
      }};
}

Method by_servers(const char* name, unsigned limit) {
  return {name, [=](const auto&) {
            return window_judge({.window = std::chrono::minutes(5), .limit = limit, .distinct_servers = true});
          }};
}

std::vector<Method> methods() {
  using std::chrono::seconds;
  std::vector<Method> all;
  for (const double nats : {8.0, 11.0, DetectSettings{}.user_threshold, 20.0}) all.push_back(ours(nats));
  for (const unsigned limit : {6U, 11U, 41U}) {
    all.push_back(by_connections(fmt::format("B1 {} connections in 60 s", limit).c_str(), seconds(60), limit));
  }
  all.push_back(by_connections("B1 21 connections in 60 s (as used)", seconds(60), 21));
  for (const unsigned limit : {8U, 30U, 60U}) {
    all.push_back(by_connections(fmt::format("B2 {} connections in 15 min", limit).c_str(), seconds(900), limit));
  }
  all.push_back(by_connections("B2 15 connections in 15 min", seconds(900), 15));
  all.push_back({"B2 the same, or an MX query (BotFlex)", [](const auto&) {
                   return window_judge({std::chrono::minutes(15), 15, false, true});
                 }});
  all.push_back(by_servers("B3 6 servers in 5 min", 6));
  all.push_back(by_servers("B3 11 servers in 5 min (NEMEA)", 11));
  all.push_back(by_servers("B3 21 servers in 5 min", 21));
  for (const double nats : {2.7, 4.1, 4.6, 6.9, 9.2}) {
    all.push_back({fmt::format("B4 random walk, {} nats{}", nats, nats == 4.6 ? " (as published)" : ""),
                   [=](const auto&) { return random_walk_judge(nats); }});
  }
  for (const double nats : {8.0, 11.0, 15.4, 20.0}) {
    all.push_back(
        {fmt::format("B5 L alone, {} nats", nats), [=](const auto&) { return single_test_judge(nats, kSightlines); }});
  }
  return all;
}

std::vector<Method> jails() {
  const auto jail = [](const char* name, Jail wanted) {
    return Method{name, [=](const auto&) { return fail2ban_judge(wanted); }};
  };
  return {jail("fail2ban 5 in 10 min (defaults), port 25", {}),
          jail("fail2ban 5 in 10 min (defaults), all", {.ports = "25|465|587"}),
          jail("fail2ban 20 in 1 min, port 25", {.max_retry = 20, .find_time_s = 60}),
          jail("fail2ban 15 in 15 min, port 25", {.max_retry = 15, .find_time_s = 900}),
          jail("fail2ban 100 in 1 h, port 25", {.max_retry = 100, .find_time_s = 3600})};
}

// What of several rows together.
struct Sum {
  double clients = 0, days = 0, called = 0;
  void add(const Tally& tally) {
    clients += static_cast<double>(tally.clients);
    days += static_cast<double>(tally.client_days);
    called += static_cast<double>(tally.called());
  }
  [[nodiscard]] double percent() const { return clients == 0 ? 0 : 100 * called / clients; }
};

std::string after(const Tally& tally) {
  const std::uint32_t connections = tally.connections_at(0.5);
  if (connections == UINT32_MAX) return "-";
  return fmt::format("{} / {:.0f}", connections, tally.minutes_at(0.5));
}

void print_head() {
  fmt::print("{:<40} {:>9} {:>8} {:>8} {:>8} | {:>6} {:>6} {:>6} {:>6} {:>6} {:>6} {:>6} | {:>9} {:>10}\n", "",
             "people", "shared", "servers", "machines", "600/h", "60/h", "6/h", "2/h", "hiding", "clean", "587",
             "60/h after", "6/h after");
  fmt::print("{:<40} {:>9} {:>8} {:>8} {:>8} | {:>48} | {:>9} {:>10}\n", "", "/10k days", "/10k days", "%", "%",
             "blocked, %", "conn/min", "conn/min");
}

double judge(const Method& method, const std::vector<Crowd>& crowds, const Run& run) {
  const auto tallies = live_through(crowds, method.make, run);
  Sum people, shared, servers, machines;
  for (const Tally& tally : tallies) {
    if (tally.kind == Population::Kind::User) (tally.name == "ordinary users" ? people : shared).add(tally);
    if (tally.kind == Population::Kind::Odd) machines.add(tally);
    if (tally.kind == Population::Kind::Server && tally.name != row::kRegistered) servers.add(tally);
  }
  const auto found = [&](std::string_view name) { return 100 * tally_of(tallies, name).called_share(); };
  fmt::print(
      "{:<40} {:>9.2f} {:>9.1f} {:>8.2f} {:>8.1f} | {:>6.1f} {:>6.1f} {:>6.1f} {:>6.1f} {:>6.1f} {:>6.1f} {:>6.1f} | "
      "{:>9} {:>10}\n",
      method.name, 1e4 * people.called / people.days, 1e4 * shared.called / shared.days, servers.percent(),
      machines.percent(), found(row::kBot600), found(row::kBot60), found(row::kBot6), found(row::kBot2),
      found(row::kHiding), found(row::kCleanBot), found(row::kAbuse), after(tally_of(tallies, row::kBot60)),
      after(tally_of(tallies, row::kBot6)));
  std::fflush(stdout);
  return people.called + shared.called;
}

Numbers scaled(double scale) {
  const auto of = [&](double number) { return static_cast<unsigned>(std::lround(number * scale)); };
  return {.ordinary = of(300'000), .shared = of(10'000), .odd = of(500), .servers = of(1'000), .spammers = of(1'000)};
}

}  // namespace
}  // namespace mailweir::bench

int main(int argc, char** argv) {
  using namespace mailweir;
  using namespace mailweir::bench;
  Report report(argc, argv, "Whom each method harms, whom it finds, and how soon", {"scale", "seed", "threads"});
  const double scale = report.number("scale", 1);
  world::Run run{.sites = std::max(1U, static_cast<unsigned>(100 * scale)),
                 .threads = static_cast<unsigned>(report.number("threads", 2)),
                 .seed = static_cast<std::uint64_t>(report.number("seed", 20261122))};
  const Numbers numbers = scaled(scale);
  fmt::print(
      "{} ordinary client-days, {} of each kind of shared address, {} of each machine, {} of each server and "
      "spammer; seed {}\n\n",
      numbers.ordinary, numbers.shared, numbers.odd, numbers.servers, run.seed);
  print_head();
  for (const Method& method : methods()) {
    const double harmed = judge(method, world::crowds(numbers), run);
    if (method.name.find("default") != std::string::npos)
      report.target("people whom mailweir blocks: none", harmed == 0);
  }
  if (!has_fail2ban()) {
    fmt::print("fail2ban: not installed\n");
    return report.exit_status();
  }
  const Numbers few = scaled(std::max(scale / 50, 0.02));  // every line is asked about, one after the other
  run.sites = 2;
  fmt::print("\nfail2ban, {} ordinary client-days, {} of each kind of shared address, {} of each server and spammer\n",
             few.ordinary, few.shared, few.servers);
  for (const Method& method : jails()) judge(method, world::crowds(few), run);
  judge(ours(DetectSettings{}.user_threshold), world::crowds(few), run);
  return report.exit_status();
}
