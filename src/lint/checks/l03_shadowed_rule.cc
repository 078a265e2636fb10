#include "lint/check.h"
#include "lint/shadow.h"

namespace mailweir::rules {

const Check l03{
    .number = "L03",
    .id = "shadowed-rule",
    .severity = Severity::Error,
    .confidence = Confidence::Proved,
    .meaning = "an earlier rule decides the opposite for all of its packets",
    .why =
        "The first rule that matches decides. Whoever wrote the later one believes that it does something; the packets "
        "it names are treated the other way round.",
    .wrong = {.rules = "-A OUTPUT -p tcp --dport 25 -j DROP\n"
                       "-A OUTPUT -p tcp -d 192.0.2.25 --dport 25 -j ACCEPT\n"},
    .right = {.rules = "-A OUTPUT -p tcp -d 192.0.2.25 --dport 25 -j ACCEPT\n"
                       "-A OUTPUT -p tcp --dport 25 -j DROP\n"},
    .run = [](LintSubject& subject) { report_shadowed(subject, Shadow::OtherVerdict); },
};

}  // namespace mailweir::rules
