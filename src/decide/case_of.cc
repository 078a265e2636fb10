#include "decide/case_of.h"

#include <algorithm>

namespace mailweir {

CaseRecord case_of(const Decision& decision, const std::string& policy_file) {
  const ClientReport& finding = decision.finding;
  CaseRecord record;
  record.id = decision.case_id;
  record.client = finding.client;
  record.action = decision.action;
  record.since = decision.since;
  record.until = end_of(decision);
  record.by = "detector";
  record.reason = finding.reason;
  record.ports = ports_of(decision);
  record.evidence = finding.evidence;
  record.connections = finding.decided_after_connections.value_or(finding.attempts);
  if (decision.policy_line != 0) {
    record.policy_file = policy_file;
    record.policy_line = decision.policy_line;
  }
  record.repeat = decision.repeat;
  return record;
}

std::vector<MailRole> roles_of(std::span<const std::uint16_t> ports) {
  std::vector<MailRole> roles;
  for (const std::uint16_t port : ports) {
    const auto role = mail_role(port);
    if (role && std::find(roles.begin(), roles.end(), *role) == roles.end()) roles.push_back(*role);
  }
  std::sort(roles.begin(), roles.end());
  return roles;
}

std::vector<std::uint16_t> ports_of(std::span<const MailRole> roles) {
  std::vector<std::uint16_t> ports;
  for (const MailRole role : roles) {
    if (role == MailRole::Transfer) ports.insert(ports.end(), kTransferPorts.begin(), kTransferPorts.end());
    if (role == MailRole::Submission) ports.insert(ports.end(), kSubmissionPorts.begin(), kSubmissionPorts.end());
  }
  std::sort(ports.begin(), ports.end());
  return ports;
}

std::map<IpPrefix, ClientHistory> histories(std::span<const CaseRecord> blocks) {
  std::map<IpPrefix, ClientHistory> clients;
  for (const CaseRecord& record : blocks) {
    if (record.action != Decision::Action::Block) continue;
    const bool lifted = record.ended && !record.ended->replaced;
    clients[record.client] = {record.repeat + (lifted ? 0 : 1), end_of(record), roles_of(record.ports)};
  }
  return clients;
}

}  // namespace mailweir
