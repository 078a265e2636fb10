#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "lint/check.h"
#include "lint/subject.h"

namespace mailweir::rules {
namespace {

// What the reader says of rules that iptables or the kernel refuses (ruleset/iptables_*.cc).
constexpr std::array<std::string_view, 22> kRefused{
    "ruleset.needs-protocol", "ruleset.interface-in-input", "ruleset.interface-in-output", "ruleset.too-many-ports",
    "ruleset.backward-range", "ruleset.bad-port",           "ruleset.bad-address",         "ruleset.bad-interface",
    "ruleset.bad-value",      "ruleset.wrong-table",        "ruleset.wrong-chain",         "ruleset.wrong-family",
    "ruleset.owner-place",    "ruleset.unknown-protocol",   "ruleset.unknown-option",      "ruleset.undeclared-chain",
    "ruleset.negated-list",   "ruleset.negated-limit",      "ruleset.option-twice",        "ruleset.two-targets",
    "ruleset.missing-value",  "ruleset.negated-value"};

void run(LintSubject& subject) {
  for (const Diagnostic& remark : subject.remarks()) {
    if (remark.id == "ruleset.kernel-cannot") {
      // Says more of this machine's kernel than of the rules.
      Finding& finding = subject.add(
          Confidence::Heuristic, {},
          fmt::format("line {} asks for something that the kernel of this machine does not have, so it was not looked "
                      "at; it may well load where it is meant to",
                      remark.span.line));
      finding.severity = Severity::Info;
      finding.fix = remark.hint;
      continue;
    }
    if (remark.severity != Severity::Error || std::ranges::find(kRefused, remark.id) == kRefused.end()) continue;
    Finding& finding =
        subject.add(Confidence::Proved, {}, fmt::format("line {} is refused: {}", remark.span.line, remark.text));
    finding.fix = remark.hint;
  }
}

}  // namespace

const Check l41{
    .number = "L41",
    .id = "refused-at-load",
    .severity = Severity::Error,
    .confidence = Confidence::Proved,
    .meaning = "a rule that iptables refuses, and with it the whole file",
    .why =
        "A port without a protocol, tcp-reset without -p tcp, -o in INPUT, more than 15 ports, a range that runs "
        "backward, a target in the wrong table: iptables-restore then loads nothing, so that the machine comes up "
        "without a firewall; a script goes on without that one rule.",
    .wrong = {.rules = "-A OUTPUT --dport 25 -j DROP\n"},
    .right = {.rules = "-A OUTPUT -p tcp --dport 25 -j DROP\n"},
    .run = run,
};

}  // namespace mailweir::rules
