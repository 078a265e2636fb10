#include "decide/decide.h"

#include <algorithm>
#include <span>
#include <utility>

#include "decide/case_of.h"

namespace mailweir {
namespace {

// The same nat that makes a kind of evidence count in the guard (docs/detection.md, section 3.4).
constexpr double kContribution = 1.0;

// The detector tells of a doubt once a day, as long as there is reason to.
constexpr Duration kThrottleLength = std::chrono::hours(25);

bool may_be_slowed(const ClientReport& finding) {
  return finding.doubt == Doubt::UnregisteredServer || finding.doubt == Doubt::SlowSpam ||
         (finding.doubt == Doubt::ChangedServer && !finding.registered);
}

bool touches(const std::vector<IpPrefix>& prefixes, const IpPrefix& client) {
  return std::any_of(prefixes.begin(), prefixes.end(),
                     [&](const IpPrefix& prefix) { return prefix.contains(client) || client.contains(prefix); });
}

// Of the client's group, or of the gateway for clients of no group.
const Setting<Answer>* answer_for(const Policy& policy, const IpPrefix& client, MailRole role) {
  if (!policy.gateway) return nullptr;
  const MailAnswers* answers = &*policy.gateway;
  for (const GatewayGroup& group : policy.gateway->groups) {
    if (touches(group.clients.value, client)) answers = &group;
  }
  return role == MailRole::Transfer ? &answers->transfer : &answers->submission;
}

bool watched(const Policy& policy, const IpPrefix& client, MailRole role) {
  const auto* answer = answer_for(policy, client, role);
  return answer != nullptr && answer->value == Answer::Watch;
}

struct PolicyPlace {
  int line = 0;
  std::string file{};
};

template <typename T>
PolicyPlace place_of(const Setting<T>& setting) {
  return {setting.line, setting.file};
}

PolicyPlace place_of(const Policy& policy, const IpPrefix& client, const std::vector<MailRole>& roles) {
  for (const MailRole role : roles) {
    const auto* answer = answer_for(policy, client, role);
    if (answer != nullptr && answer->line != 0) return place_of(*answer);
  }
  return {};
}

// What in the policy protects the client from being blocked; line 0 when it is written nowhere but the client is
// registered.
std::optional<PolicyPlace> exempting_place(const ClientReport& finding, const Policy& policy) {
  if (policy.gateway) {
    if (touches(policy.gateway->exempt.value, finding.client)) return place_of(policy.gateway->exempt);
    if (touches(policy.gateway->mail_servers.value, finding.client)) return place_of(policy.gateway->mail_servers);
  }
  if (finding.registered) return PolicyPlace{};
  return std::nullopt;
}

void set_place(Decision& decision, PolicyPlace place) {
  decision.policy_line = place.line;
  decision.policy_file = std::move(place.file);
}

bool holds(const std::vector<MailRole>& roles, MailRole role) {
  return std::find(roles.begin(), roles.end(), role) != roles.end();
}

// A block that still runs is continued: it keeps its count, its ports and at least its end.
void continue_running(Decision& decision, const ClientHistory& history, Time now) {
  for (const MailRole role : history.roles) {
    if (!holds(decision.roles, role)) decision.roles.push_back(role);
  }
  std::sort(decision.roles.begin(), decision.roles.end());
  decision.length = std::max(decision.length, *history.until - now);
}

}  // namespace

std::vector<MailRole> abused_roles(const ClientReport& finding) {
  std::vector<MailRole> roles;
  for (const Evidence& evidence : finding.evidence) {
    if (evidence.nats < kContribution) continue;
    if (evidence.kind == "new-destinations-25") roles.push_back(MailRole::Transfer);
    if (evidence.kind == "new-destinations-submission") roles.push_back(MailRole::Submission);
  }
  if (roles.empty()) {
    for (const auto& [port, connections] : finding.ports) {
      const auto role = mail_role(port);
      if (connections > 0 && role && !holds(roles, *role)) roles.push_back(*role);
    }
  }
  std::sort(roles.begin(), roles.end());
  return roles;
}

Duration block_length(Duration first, Duration longest, std::uint32_t repeat) {
  Duration length = first;
  for (; repeat > 0 && length > Duration::zero() && length < longest; --repeat)
    length = length > longest / 2 ? longest : length * 2;
  return std::max(std::min(length, longest), first);
}

std::vector<std::uint16_t> ports_of(const Decision& decision) { return ports_of(std::span(decision.roles)); }

Decision decide(const ClientReport& finding, const Policy& policy, const ClientHistory& history, Mode mode,
                std::string case_id, Time now) {
  Decision decision;
  decision.case_id = std::move(case_id);
  decision.finding = finding;
  decision.since = now;
  const bool running = history.until && *history.until > now;
  decision.repeat = history.blocks - (running ? 1 : 0);

  const auto exempting = exempting_place(finding, policy);
  // A registered server that changed its ways would not have been blocked: it is told of.
  if (exempting && finding.registered && finding.doubt == Doubt::ChangedServer && finding.verdict != Verdict::Spammer) {
    set_place(decision, *exempting);
    return decision;
  }
  if (exempting && (finding.verdict != Verdict::Undecided || may_be_slowed(finding))) {
    decision.action = Decision::Action::Exempt;
    set_place(decision, *exempting);
    return decision;
  }
  if (finding.verdict != Verdict::Spammer) {
    // Who is blocked, if only on other ports, stays blocked: a throttle would take the place of the block.
    const bool slow = mode == Mode::Enforce && !running && may_be_slowed(finding) && policy.gateway &&
                      policy.gateway->suspects.value == SuspectAnswer::Throttle &&
                      watched(policy, finding.client, MailRole::Transfer);
    if (!slow) return decision;  // a notice
    decision.action = Decision::Action::Throttle;
    decision.roles = {MailRole::Transfer};
    decision.length = kThrottleLength;
    set_place(decision, place_of(policy.gateway->suspects));
    return decision;
  }

  const std::vector<MailRole> abused = abused_roles(finding);
  std::copy_if(abused.begin(), abused.end(), std::back_inserter(decision.roles),
               [&](MailRole role) { return watched(policy, finding.client, role); });
  if (decision.roles.empty()) {
    decision.action = Decision::Action::Exempt;
    set_place(decision, place_of(policy, finding.client, abused));
    return decision;
  }
  decision.action = mode == Mode::WatchOnly ? Decision::Action::WatchOnly : Decision::Action::Block;
  set_place(decision, place_of(policy, finding.client, decision.roles));
  decision.length = block_length(policy.block.length.value, policy.block.length_max.value, decision.repeat);
  if (running) continue_running(decision, history, now);
  return decision;
}

}  // namespace mailweir
