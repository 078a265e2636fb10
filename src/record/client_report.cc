#include "record/client_report.h"

#include <algorithm>

namespace mailweir {

std::string_view name_of(Verdict verdict) {
  switch (verdict) {
    case Verdict::Spammer:
      return "spammer";
    case Verdict::Server:
      return "server";
    case Verdict::Legitimate:
      return "legitimate";
    case Verdict::Undecided:
      return "undecided";
  }
  return "";
}

std::vector<MailRole> abused_roles(const ClientReport& report) {
  const auto speaks_against = [&](std::string_view kind) {
    return std::any_of(report.evidence.begin(), report.evidence.end(),
                       [&](const Evidence& evidence) { return evidence.kind == kind && evidence.nats > 0; });
  };
  std::vector<MailRole> roles;
  if (speaks_against("new-destinations-25")) roles.push_back(MailRole::Transfer);
  if (speaks_against("new-destinations-submission")) roles.push_back(MailRole::Submission);
  return roles;
}

}  // namespace mailweir
