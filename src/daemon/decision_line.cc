#include "daemon/decision_line.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "decide/decide.h"
#include "report/client_json.h"

namespace mailweir {
namespace {

std::string_view event_name(Decision::Action action) {
  switch (action) {
    case Decision::Action::Block:
      return "block.added";
    case Decision::Action::WatchOnly:
      return "block.watched";  // would have been one
    case Decision::Action::Exempt:
      return "block.exempt";
    case Decision::Action::Throttle:
      return "client.throttled";
    case Decision::Action::Notice:
      return "client.noticed";
  }
  return "";
}

}  // namespace

EventLine decision_line(const Decision& decision, const std::string& policy_file, Time now,
                        std::optional<Time> acknowledged) {
  const ClientReport& finding = decision.finding;
  EventLine line(event_name(decision.action), acknowledged.value_or(now));
  line.add("client", finding.client.text()).add("case", decision.case_id);
  const bool blocks = decision.action == Decision::Action::Block || decision.action == Decision::Action::WatchOnly;
  if (decision.action == Decision::Action::Throttle) line.add("until", end_of(decision));
  if (blocks) {
    line.add("until", end_of(decision));
    line.add("ports", fmt::format("{}", fmt::join(ports_of(decision), ",")));
    line.add("repeat", std::uint64_t{decision.repeat});
  }
  line.add("by", "detector");
  line.add("score_user", finding.score_user).add("score_server", finding.score_server);
  line.add("connections", finding.decided_after_connections.value_or(finding.attempts));
  if (acknowledged && finding.decided_at) {
    const Duration passed = std::max(*acknowledged - *finding.decided_at, Duration{0});
    line.add("packet_to_block_us", static_cast<std::uint64_t>(passed.count()));
  }
  if (decision.policy_line != 0) line.add("policy", fmt::format("{}:{}", policy_file, decision.policy_line));
  line.add("reason", finding.reason);
  line.add_json_only("finding", client_json(finding));
  return line;
}

}  // namespace mailweir
