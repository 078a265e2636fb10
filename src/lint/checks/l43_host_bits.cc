#include <fmt/format.h>

#include <algorithm>

#include "lint/check.h"
#include "lint/subject.h"

namespace mailweir::rules {
namespace {

std::optional<RulePlace> place_at(const LintSubject& subject, const SourceSpan& span) {
  const auto& files = subject.ruleset().files;
  const auto found = std::ranges::find_if(subject.rules(), [&](const RulePlace& place) {
    const Origin& origin = place.rule->origin;
    return static_cast<int>(origin.line) == span.line && origin.file < files.size() && files[origin.file] == span.file;
  });
  return found == subject.rules().end() ? std::nullopt : std::optional(*found);
}

void run(LintSubject& subject) {
  for (const Diagnostic& remark : subject.remarks()) {
    if (remark.id != "ruleset.host-bits") continue;
    const auto place = place_at(subject, remark.span);
    if (!place) continue;
    const bool everything = remark.text.ends_with("/0");
    Finding& finding =
        subject.add(Confidence::Proved, *place, everything ? remark.text + ": every address there is" : remark.text);
    if (!everything) finding.severity = Severity::Info;
    finding.fix =
        everything ? "write the mask that was meant (/24, /32)" : "write the network, or /32 for the one host";
    if (everything) continue;
    Rule rule = *place->rule;
    rule.origin = {};  // printed anew, as the kernel takes it
    finding.edits.push_back(LintSubject::replacement(*place, std::move(rule)));
  }
}

}  // namespace

const Check l43{
    .number = "L43",
    .id = "host-bits-set",
    .severity = Severity::Warning,
    .confidence = Confidence::Proved,
    .meaning = "an address with bits behind its mask: the rule takes the whole network",
    .why =
        "10.0.0.7/8 looks like one host and is sixteen million; the kernel cuts the address at the mask and says "
        "nothing. With a mask of 0 the rule takes every address, which is a warning; the rest is a remark.",
    .wrong = {.rules = "-A INPUT -s 192.0.2.7/24 -p tcp --dport 3306 -j DROP\n"},
    .right = {.rules = "-A INPUT -s 192.0.2.0/24 -p tcp --dport 3306 -j DROP\n"},
    .run = run,
};

}  // namespace mailweir::rules
