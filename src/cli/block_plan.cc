#include "cli/block_plan.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/escape.h"
#include "base/mail_ports.h"
#include "compile/compile.h"
#include "decide/case_of.h"
#include "report/case_text.h"

namespace mailweir {
namespace {

const IpPrefix* touching(const std::vector<IpPrefix>& prefixes, const IpPrefix& client) {
  const auto found = std::find_if(prefixes.begin(), prefixes.end(), [&](const IpPrefix& prefix) {
    return prefix.contains(client) || client.contains(prefix);
  });
  return found == prefixes.end() ? nullptr : &*found;
}

std::string place(const Policy& policy, int line) {
  return line == 0 ? escape(policy.file) : fmt::format("{}:{}", escape(policy.file), line);
}

// The sending ports that rules made from the policy look at.
std::vector<std::uint16_t> ports_asked_about(const GatewayPolicy& gateway) {
  bool transfer = gateway.transfer.value != Answer::Allow;
  bool submission = gateway.submission.value != Answer::Allow;
  for (const GatewayGroup& group : gateway.groups) {
    transfer = transfer || group.transfer.value != Answer::Allow;
    submission = submission || group.submission.value != Answer::Allow;
  }
  std::vector<MailRole> roles;
  if (transfer) roles.push_back(MailRole::Transfer);
  if (submission) roles.push_back(MailRole::Submission);
  return ports_of(std::span<const MailRole>(roles));
}

// The ports the rules in force look at; empty: not known, or a table of other rules.
std::vector<std::uint16_t> ports_in_force(const Policy* policy, const std::string& installed) {
  if (installed.empty() || policy == nullptr || !policy->gateway) return {};
  const auto of_policy = compile(*policy, SystemAccounts());
  return of_policy && of_policy->marker == installed ? ports_asked_about(*policy->gateway)
                                                     : std::vector<std::uint16_t>{};
}

}  // namespace

std::optional<std::string> objection(const IpPrefix& client, const Policy* policy,
                                     std::span<const SshSession> of_operator) {
  for (const SshSession& session : of_operator) {
    if (client.contains(session.client))
      return fmt::format("{} is where you are logged in from ({})", client.text(), session.client.text());
  }
  if (policy == nullptr || !policy->gateway) return std::nullopt;
  const GatewayPolicy& gateway = *policy->gateway;
  if (const IpPrefix* exempt = touching(gateway.exempt.value, client)) {
    return fmt::format("{} is exempt: {} in {}", client.text(), exempt->text(), place(*policy, gateway.exempt.line));
  }
  if (const IpPrefix* server = touching(gateway.mail_servers.value, client)) {
    return fmt::format("{} is a registered mail server: {} in {}", client.text(), server->text(),
                       place(*policy, gateway.mail_servers.line));
  }
  return std::nullopt;
}

bool rules_exempt(const IpPrefix& client, const Policy* policy) {
  return policy != nullptr && policy->gateway && touching(policy->gateway->exempt.value, client) != nullptr;
}

Result<CompiledTable> table_for_hand(const Policy* policy) {
  Policy by_hand;
  by_hand.gateway.emplace();  // watches all sending ports, of no client
  if (policy != nullptr) {
    by_hand.block = policy->block;
    if (policy->gateway) by_hand.gateway->exempt = policy->gateway->exempt;
  }
  return compile(by_hand, SystemAccounts());
}

Result<std::vector<MailRole>> roles_to_cut(const std::string& asked, const Policy* policy,
                                           const std::string& installed) {
  const std::vector<std::uint16_t> in_force = ports_in_force(policy, installed);
  std::vector<MailRole> roles{MailRole::Transfer, MailRole::Submission};
  if (asked == "transfer") roles = {MailRole::Transfer};
  if (asked == "submission") roles = {MailRole::Submission};
  if (in_force.empty()) return roles;
  if (asked.empty()) return roles_of(in_force);
  const std::vector<std::uint16_t> ports = ports_of(std::span<const MailRole>(roles));
  if (!std::includes(in_force.begin(), in_force.end(), ports.begin(), ports.end())) {
    return fail(ErrorCode::Refused,
                fmt::format("the rules in force look at {} only, as the policy asks; --ports {} would not stop {}",
                            ports_text(in_force), asked, ports_text(ports)));
  }
  return roles;
}

}  // namespace mailweir
