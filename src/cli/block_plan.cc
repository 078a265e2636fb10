#include "cli/block_plan.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/escape.h"
#include "base/mail_ports.h"
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

// The ports the rules in force look at; empty: not known.
std::vector<std::uint16_t> watched_ports(const Policy* policy, const std::string& installed, std::uint16_t log_group) {
  const WantedTable by_hand = table_for_hand(policy);
  if (installed.empty() || installed == table_marker(by_hand)) return by_hand.ports;
  if (policy == nullptr || !policy->gateway) return {};
  const WantedTable of_policy = wanted_table(*policy, log_group);
  if (of_policy.ports.empty() || installed != table_marker(of_policy)) return {};
  return of_policy.ports;
}

}  // namespace

std::optional<std::string> objection(const IpPrefix& client, const Policy* policy,
                                     std::span<const IpAddress> operator_addresses) {
  for (const IpAddress& address : operator_addresses) {
    if (client.contains(address))
      return fmt::format("{} is where you are logged in from ({})", client.text(), address.text());
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

WantedTable table_for_hand(const Policy* policy) {
  WantedTable wanted;
  wanted.ports.insert(wanted.ports.end(), kTransferPorts.begin(), kTransferPorts.end());
  wanted.ports.insert(wanted.ports.end(), kSubmissionPorts.begin(), kSubmissionPorts.end());
  if (policy == nullptr) return wanted;
  wanted.how = policy->block.how.value;
  if (policy->gateway) wanted.exempt = policy->gateway->exempt.value;
  return wanted;
}

Result<std::vector<MailRole>> roles_to_cut(const std::string& asked, const Policy* policy, const std::string& installed,
                                           std::uint16_t log_group) {
  const std::vector<std::uint16_t> watched = watched_ports(policy, installed, log_group);
  std::vector<MailRole> roles{MailRole::Transfer, MailRole::Submission};
  if (asked == "transfer") roles = {MailRole::Transfer};
  if (asked == "submission") roles = {MailRole::Submission};
  if (watched.empty()) return roles;
  if (asked.empty()) return roles_of(watched);
  const std::vector<std::uint16_t> ports = ports_of(std::span(std::as_const(roles)));
  if (!std::includes(watched.begin(), watched.end(), ports.begin(), ports.end())) {
    return fail(ErrorCode::Refused,
                fmt::format("the rules in force look at {} only, as the policy asks; --ports {} would not stop {}",
                            ports_text(watched), asked, ports_text(ports)));
  }
  return roles;
}

}  // namespace mailweir
