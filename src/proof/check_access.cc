// What judge_access() is asked on the live machine.
#include <fmt/format.h>

#include <algorithm>

#include "base/escape.h"
#include "proof/lockout.h"
#include "ruleset/read_ruleset.h"
#include "simulate/live_machine.h"
#include "sys/tracked.h"

namespace mailweir {
namespace {

// Sessions through which somebody sits here; without any, every port where an SSH server takes strangers.
std::vector<WayIn> ways_in(AccessReport::By& by) {
  std::vector<WayIn> ways;
  for (const SshSession& session : current_operator().sessions) {
    by = AccessReport::By::Session;
    WayIn way{session, true};
    if (session.server) {
      const auto entry = find_tracked({session.client, *session.server, session.client_port, session.server_port});
      way.tracked = !entry || entry->has_value();  // who may not ask is not told that it is unknown
    }
    ways.push_back(std::move(way));
  }
  if (!ways.empty()) return ways;
  for (const Listener& listener : ssh_listeners()) {
    const IpAddress& address = listener.address;
    if (rules::is_loopback(address)) continue;
    by = AccessReport::By::Listener;
    WayIn way;
    way.session.server_port = listener.port;
    if (!address.is_unspecified()) way.session.server = address;
    ways.push_back(std::move(way));
  }
  // Sockets of :: and 0.0.0.0 are one way; both families are tried anyway.
  const auto same = [](const WayIn& a, const WayIn& b) { return a.session == b.session; };
  ways.erase(std::unique(ways.begin(), ways.end(), same), ways.end());
  return ways;
}

}  // namespace

Result<AccessReport> check_access(const CompiledTable& table, Time now) {
  AccessReport::By by = AccessReport::By::Console;
  std::vector<WayIn> ways = ways_in(by);
  if (ways.empty()) return AccessReport{};
  Diagnostics unread;
  rules::ReadOptions options;
  options.name = "the new table";
  auto wanted = rules::read_nft_text(table.text, options, unread);
  if (!wanted) return fail(std::move(wanted).error().in("trying out whether you would be cut off"));
  AccessReport doubts;
  auto live = rules::read_live_ruleset(unread);
  if (!live)
    doubts.remarks.push_back("the other rules could not be read, so only ours were tried: " + live.error().text());
  rules::Ruleset others = live ? std::move(*live) : rules::Ruleset{};
  std::erase_if(others.tables,
                [](const rules::Table& one) { return one.family == rules::RuleFamily::Inet && one.name == kTable; });
  AccessReport report = judge_access({table, *wanted, others, rules::live_machine(), std::move(ways)}, now);
  report.by = by;
  report.remarks.insert(report.remarks.begin(), doubts.remarks.begin(), doubts.remarks.end());
  return report;
}

}  // namespace mailweir
