#include <fmt/format.h>

#include <algorithm>

#include "base/escape.h"
#include "lint/check.h"
#include "lint/subject.h"

namespace mailweir::rules {
namespace {

// Not what a script would put in, nor what somebody blacked out before showing it.
bool is_host_name(std::string_view text) {
  const auto letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); };
  const auto fitting = [&](char c) { return letter(c) || (c >= '0' && c <= '9') || c == '.' || c == '-'; };
  const std::string_view last = text.substr(text.rfind('.') + 1);
  const bool hidden = last.find_first_not_of("xX") == std::string_view::npos;
  return std::ranges::all_of(text, fitting) && std::ranges::any_of(last, letter) && !hidden && text != "localhost";
}

void run(LintSubject& subject) {
  for (const RulePlace& place : subject.rules())
    for (const RulePart& part : place.rule->parts) {
      const auto* name = std::get_if<OpaqueMatch>(&part);
      if (name == nullptr || name->module != "name" || name->nft) continue;
      const std::string_view host = std::string_view(name->text).substr(name->text.rfind(' ') + 1);
      if (!is_host_name(host)) continue;
      Finding& finding = subject.add(
          Confidence::Heuristic, place,
          fmt::format("{} is looked up once, when the rule is loaded: what it stands for later is not what the rule "
                      "holds, and without an answer the rule is not loaded at all",
                      escape(host, 60)));
      finding.fix = "write the addresses, or keep them in a set that a program refreshes";
    }
}

}  // namespace

const Check l31{
    .number = "L31",
    .id = "host-name-in-rule",
    .severity = Severity::Warning,
    .confidence = Confidence::Heuristic,
    .meaning = "a rule names a host instead of an address",
    .why =
        "iptables asks the DNS while it loads the rule, makes one rule per address it got, and never asks again. Mail "
        "providers change their addresses every few days: allowed mail is then stopped, or somebody else's address is "
        "allowed. When the network is not up yet, as at boot, the rule fails, and with it the whole restore.",
    .wrong = {.rules = "-A OUTPUT -p tcp -d smtp.example.com --dport 587 -j ACCEPT\n"},
    .right = {.rules = "-A OUTPUT -p tcp -d 192.0.2.25 --dport 587 -j ACCEPT\n"},
    .run = run,
};

}  // namespace mailweir::rules
