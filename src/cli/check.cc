#include "cli/check.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <nlohmann/json.hpp>

#include "base/diagnostic.h"
#include "base/escape.h"
#include "policy/read_policy.h"
#include "report/json.h"
#include "report/problems_json.h"
#include "report/words.h"

namespace mailweir {
namespace {

std::string role_text(const GatewayPolicy& gateway) {
  const bool transfer = gateway.transfer.value == Answer::Watch;
  const bool submission = gateway.submission.value == Answer::Watch;
  if (transfer && submission) return "ports 25, 465 and 587";
  return transfer ? "port 25" : submission ? "ports 465 and 587" : "no port";
}

// What the policy means, in the words of somebody who did not write it.
std::string meaning(const Policy& policy) {
  if (!policy.gateway) return "  No [gateway] section: forwarded mail is left alone.\n";
  const GatewayPolicy& gateway = *policy.gateway;
  std::string text =
      fmt::format("  Watches {} of {}", role_text(gateway), count_of(gateway.clients.value.size(), "client network"));
  if (!gateway.mail_servers.value.empty())
    text += ", with " + count_of(gateway.mail_servers.value.size(), "registered mail server");
  if (!gateway.exempt.value.empty()) text += ", " + count_of(gateway.exempt.value.size(), "exemption");
  const BlockPolicy& block = policy.block;
  return text + fmt::format(".\n  A spammer is blocked ({}) for {}, doubling each time, at most {}.\n",
                            block.how.value == BlockHow::Reject ? "reject" : "drop",
                            format_duration(block.length.value), format_duration(block.length_max.value));
}

std::string verdict(const std::string& file, const Diagnostics& diagnostics) {
  const auto count = [&](Severity severity) {
    return static_cast<std::uint64_t>(std::count_if(diagnostics.list().begin(), diagnostics.list().end(),
                                                    [&](const Diagnostic& d) { return d.severity == severity; }));
  };
  std::string text = escape(file) + (diagnostics.has_errors() ? ": not valid" : ": valid");
  const std::uint64_t errors = count(Severity::Error), warnings = count(Severity::Warning);
  if (errors > 0) text += ", " + count_of(errors, "error");
  if (warnings > 0) text += ", " + count_of(warnings, "warning");
  return text + "\n";
}

}  // namespace

int check(const CheckOptions& options, const CommonOptions& common) {
  const std::string& file = options.file.empty() ? common.config : options.file;
  const auto text = read_policy_text(file);
  if (!text) {
    fmt::print(stderr, "mailweir: {}\n", text.error().text());
    return exit_status(text.error().code());
  }
  Diagnostics diagnostics;
  const auto policy = parse_policy(*text, file, diagnostics);
  if (common.json) {
    auto answer = json_answer("check");
    answer["file"] = file;
    answer["valid"] = policy.has_value();
    answer["problems"] = problems_json(diagnostics);
    std::fputs(print_json(answer).c_str(), stdout);
  } else {
    std::fputs(verdict(file, diagnostics).c_str(), stdout);
    for (const Diagnostic& remark : diagnostics.list()) fmt::print("\n{}", render(remark, *text));
    if (policy) fmt::print("{}{}", diagnostics.list().empty() ? "" : "\n", meaning(*policy));
  }
  return policy ? 0 : 1;
}

}  // namespace mailweir
