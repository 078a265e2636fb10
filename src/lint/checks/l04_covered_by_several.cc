#include "lint/check.h"
#include "lint/shadow.h"

namespace mailweir::rules {

const Check l04{
    .number = "L04",
    .id = "covered-by-several",
    .severity = Severity::Warning,
    .confidence = Confidence::Proved,
    .meaning = "several earlier rules together take all of its packets",
    .why =
        "No single rule hides this one, so it is hard to see: but what one of them leaves, another takes. Proved with "
        "sets of packets, through jumps and negations, not by comparing rules in pairs.",
    .wrong = {.rules = "-A OUTPUT -p tcp --dport 0:1023 -j ACCEPT\n"
                       "-A OUTPUT -p tcp --dport 1024:65535 -j DROP\n"
                       "-A OUTPUT -p tcp -m multiport --dports 25,587,2525 -j DROP\n"},
    .right = {.rules = "-A OUTPUT -p tcp -m multiport --dports 25,587,2525 -j DROP\n"
                       "-A OUTPUT -p tcp --dport 0:1023 -j ACCEPT\n"
                       "-A OUTPUT -p tcp --dport 1024:65535 -j DROP\n"},
    .run = [](LintSubject& subject) { report_shadowed(subject, Shadow::Several); },
};

}  // namespace mailweir::rules
