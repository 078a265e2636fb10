#include "cli/dns_check.h"

#include <fmt/format.h>
#include <signal.h>

#include <cstdio>

#include "cli/dns_check_json.h"
#include "cli/dns_check_text.h"
#include "cli/dns_wishes.h"
#include "cli/progress.h"
#include "cli/screen.h"
#include "dns/cares_door.h"
#include "dns/known_results.h"
#include "report/words.h"
#include "sys/clock.h"
#include "sys/poller.h"
#include "sys/signals.h"
#include "sys/state_file.h"
#include "sys/terminal.h"

namespace mailweir {
namespace {

// Long enough for a resolver that has to ask several servers itself.
constexpr Duration kPatience = std::chrono::seconds(2);

int told(const Error& error) {
  fmt::print(stderr, "mailweir: {}\n", error.text());
  return exit_status(error.code());
}

// Until everything is known or somebody interrupts. True: interrupted.
Result<bool> drive(PoolCheck& check, const DnsDoor& door, SignalFd& signals, ProgressLine& progress,
                   const Clock& clock) {
  enum : std::uint32_t { kDns, kSignal };
  auto poller = Poller::open();
  if (!poller) return fail(std::move(poller).error());
  if (auto watched = poller->watch(door.fd(), kDns); !watched) return fail(std::move(watched).error());
  if (auto watched = poller->watch(signals.fd(), kSignal); !watched) return fail(std::move(watched).error());
  const Time began = clock.now();
  for (check.step(); !check.done(); check.step()) {
    const double spent_s = std::max(seconds(clock.now() - began), 1e-3);
    progress.show(check.finished(), check.total(), [&] {
      return fmt::format("asking: {} of {}, {:.0f} a second", count_text(check.finished()),
                         count_of(check.total(), "address", "addresses"),
                         static_cast<double>(check.finished()) / spent_s);
    });
    const auto ready = poller->wait(check.patience());
    if (!ready) return fail(ready.error());
    if (signals.take()) return true;
  }
  return false;
}

// For `check`, which never asks the network. Who may not write there still gets the answer.
void keep(const DnsCheckOutcome& outcome, const CommonOptions& common) {
  const std::string file = known_results_file(common.state_dir);
  KnownResults results;
  if (const auto text = read_state_file(file)) {
    if (auto known = read_known_results(*text)) results = std::move(*known);
  }
  remember(results, outcome.report.addresses, outcome.time);
  auto written = make_state_directory(common.state_dir);
  if (written) written = write_state_file(file, known_results_text(results));
  if (!written && !common.quiet)
    fmt::print(stderr, "mailweir: the results are not kept for later: {}\n", written.error().text());
}

}  // namespace

int dns_check(const DnsCheckOptions& options, const CommonOptions& common) {
  auto wishes = dns_wishes(options, common);
  if (!wishes) return told(wishes.error());
  auto door = open_dns_door(kPatience);
  if (!door) return told(door.error());
  auto signals = SignalFd::open({SIGINT, SIGTERM});
  if (!signals) return told(signals.error());
  if (!common.quiet)
    for (const std::string& remark : wishes->remarks) fmt::print(stderr, "mailweir: {}\n", remark);

  const SystemClock clock;
  DnsCheckOutcome outcome;
  outcome.time = clock.now();
  outcome.skipped = wishes->skipped;
  outcome.servers_told = wishes->check.zone_way == ZoneWay::AskResolver;
  PoolCheck check(**door, clock, wishes->limits, std::move(wishes->check));
  {
    ProgressLine progress(!common.quiet && is_terminal(stderr) ? stderr : nullptr, clock);
    const auto interrupted = drive(check, **door, *signals, progress, clock);
    if (!interrupted) return told(interrupted.error());
    outcome.interrupted = *interrupted;
  }
  outcome.report = std::move(check).result();
  outcome.took = clock.now() - outcome.time;
  keep(outcome, common);
  if (common.json) {
    print_dns_check_json(outcome, [](std::string_view text) { std::fwrite(text.data(), 1, text.size(), stdout); });
  } else {
    const Screen screen = screen_of(stdout, common);
    std::fputs(dns_check_text(outcome, {options.everyone, screen.width, screen.paint}).c_str(), stdout);
  }
  return everything_fit(outcome) ? 0 : 1;
}

}  // namespace mailweir
