#include "cli/check.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cstdio>
#include <nlohmann/json.hpp>

#include "base/diagnostic.h"
#include "base/escape.h"
#include "cli/dns_memory.h"
#include "compile/accounts.h"
#include "policy/read_policy.h"
#include "report/json.h"
#include "report/problems_json.h"
#include "report/words.h"

namespace mailweir {
namespace {

std::string_view ports_of(std::string_view role) {
  return role == "transfer" ? "port 25" : role == "submission" ? "465 and 587" : "109, 110, 143, 993, 995";
}

std::string answer_text(const Setting<Answer>& answer, const MailAnswers& of) {
  switch (answer.value) {
    case Answer::Allow:
      return "allowed";
    case Answer::Log:
      return "logged";
    case Answer::Limit:
      return fmt::format("limited to {} a minute", of.limit_per_minute.value);
    case Answer::Watch:
      return "watched, abusers blocked";
    case Answer::Block:
      return "blocked";
  }
  return "";
}

// "port 25 blocked; 465 and 587 allowed"
std::string answers_text(const MailAnswers& of) {
  return fmt::format("{} {}; {} {}; {} {}", ports_of("transfer"), answer_text(of.transfer, of), ports_of("submission"),
                     answer_text(of.submission, of), ports_of("retrieval"), answer_text(of.retrieval, of));
}

std::string ports_text(const std::vector<PortRange>& ports) {
  std::vector<std::string> texts;
  for (const PortRange& range : ports) {
    texts.push_back(range.numbers() + (range.transport == Transport::Udp ? "/udp" : ""));
  }
  return fmt::format("{}", fmt::join(texts, ", "));
}

std::string gateway_meaning(const GatewayPolicy& gateway) {
  std::string text =
      fmt::format("  Clients ({}): {}.\n", count_of(gateway.clients.value.size(), "network"), answers_text(gateway));
  for (const GatewayGroup& group : gateway.groups)
    text += fmt::format("  Group {} ({}): {}.\n", group.name.value, count_of(group.clients.value.size(), "network"),
                        answers_text(group));
  std::vector<std::string> besides;
  if (!gateway.mail_servers.value.empty())
    besides.push_back(count_of(gateway.mail_servers.value.size(), "registered mail server"));
  if (!gateway.exempt.value.empty()) besides.push_back(count_of(gateway.exempt.value.size(), "exemption"));
  if (!besides.empty()) text += fmt::format("  With {}.\n", fmt::join(besides, " and "));
  if (gateway.to_clients.value != Answer::Allow)
    text += fmt::format(
        "  Mail towards clients: {}{}.\n", gateway.to_clients.value == Answer::Block ? "blocked" : "logged",
        gateway.to_clients_also.value.empty() ? "" : ", and ports " + ports_text(gateway.to_clients_also.value));
  return text;
}

// What the policy means, in the words of somebody who did not write it.
std::string meaning(const Policy& policy) {
  std::string text;
  if (policy.host) {
    text += fmt::format("  This machine's own connections: {}.\n", answers_text(*policy.host));
    if (!policy.host->also_block.value.empty())
      text += fmt::format("  Also blocked: {}.\n", ports_text(policy.host->also_block.value));
  }
  text += policy.gateway ? gateway_meaning(*policy.gateway) : "  No [gateway] section: forwarded mail is left alone.\n";
  if (policy.inbound)
    text += fmt::format("  Towards this machine only {} and what it needs to work are let in.\n",
                        policy.inbound->open.value.empty() ? "replies" : ports_text(policy.inbound->open.value));
  if (!policy.gateway) return text;
  const BlockPolicy& block = policy.block;
  return text + fmt::format("  A spammer is blocked ({}) for {}, doubling each time, at most {}.\n",
                            block.how.value == BlockHow::Reject ? "reject" : "drop",
                            format_duration(block.length.value), format_duration(block.length_max.value));
}

// A policy may be checked where it is not applied: an account that is unknown here is a remark. compile() refuses it.
void look_up(const Policy& policy, Diagnostics& diagnostics) {
  if (!policy.host) return;
  const SystemAccounts accounts;
  const auto look = [&](const Setting<std::vector<Account>>& setting, std::string_view what, auto known) {
    for (const Account& account : setting.value) {
      if (account.number || known(account.name)) continue;
      const SourceSpan where{setting.file.empty() ? policy.file : setting.file, account.line, account.column};
      diagnostics.add({Severity::Warning, "policy.no-account", where,
                       fmt::format("this machine has no {} '{}'", what, account.name),
                       "the policy cannot be applied here"});
    }
  };
  look(policy.host->except_users, "user", [&](const std::string& name) { return accounts.user(name).has_value(); });
  look(policy.host->except_groups, "group", [&](const std::string& name) { return accounts.group(name).has_value(); });
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
  const auto texts = read_policy_texts(file);
  if (!texts) {
    fmt::print(stderr, "mailweir: {}\n", texts.error().text());
    return exit_status(texts.error().code());
  }
  Diagnostics diagnostics;
  const auto policy = parse_policy(*texts, diagnostics);
  if (policy) look_up(*policy, diagnostics);
  if (policy) remark_on_pool(*policy, common.state_dir, diagnostics);
  if (common.json) {
    auto answer = json_answer("check");
    answer["file"] = file;
    answer["valid"] = policy.has_value();
    answer["problems"] = problems_json(diagnostics);
    std::fputs(print_json(answer).c_str(), stdout);
  } else {
    std::fputs(verdict(file, diagnostics).c_str(), stdout);
    for (const Diagnostic& remark : diagnostics.list())
      fmt::print("\n{}", render(remark, text_of(*texts, remark.span.file)));
    if (policy) fmt::print("{}{}", diagnostics.list().empty() ? "" : "\n", meaning(*policy));
  }
  return policy ? 0 : 1;
}

}  // namespace mailweir
