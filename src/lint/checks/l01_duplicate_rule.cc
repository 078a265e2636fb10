#include <fmt/format.h>

#include "lint/check.h"
#include "lint/subject.h"

namespace mailweir::rules {
namespace {

void run(LintSubject& subject) {
  for (const RulePlace& place : subject.rules()) {
    const RulePlace* first = subject.duplicate_of(*place.rule);
    if (first == nullptr) continue;
    Finding& finding =
        subject.add(Confidence::Proved, place, fmt::format("the same as rule {} of this chain", first->number));
    finding.related.push_back({*first, "the first of them"});
    finding.fix = "remove one of the two";
    finding.edits.push_back(removal(place));
  }
}

}  // namespace

const Check l01{
    .number = "L01",
    .id = "duplicate-rule",
    .severity = Severity::Warning,
    .confidence = Confidence::Proved,
    .meaning = "a rule stands twice in its chain",
    .why =
        "The second one changes nothing, or logs a second time. Mostly a line was copied and its port never changed, "
        "so that the rule one wanted is missing. Rules that remember packets (recent, hashlimit) may stand twice on "
        "purpose and are not meant.",
    .wrong = {.rules = "-A OUTPUT -p tcp --dport 993 -j DROP\n"
                       "-A OUTPUT -p tcp --dport 995 -j DROP\n"
                       "-A OUTPUT -p tcp --dport 995 -j DROP\n"},
    .right = {.rules = "-A OUTPUT -p tcp --dport 993 -j DROP\n"
                       "-A OUTPUT -p tcp --dport 995 -j DROP\n"},
    .run = run,
};

}  // namespace mailweir::rules
