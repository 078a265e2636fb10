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

std::vector<MailRole> roles_to_cut(const std::string& asked) {
  if (asked == "transfer") return {MailRole::Transfer};
  if (asked == "submission") return {MailRole::Submission};
  return {MailRole::Transfer, MailRole::Submission};
}

}  // namespace mailweir
