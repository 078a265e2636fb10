#include "lint/check.h"
#include "lint/shadow.h"

namespace mailweir::rules {

const Check l06{
    .number = "L06",
    .id = "impossible-rule",
    .severity = Severity::Error,
    .confidence = Confidence::Proved,
    .meaning = "no packet can match the rule",
    .why =
        "Its conditions exclude each other, or exclude everything that comes into its chain: an input interface in "
        "OUTPUT, UDP in a chain that is only called for TCP. Of rules that a program generated the latter is common "
        "and harmless, so it is a warning there.",
    .wrong = {.rules = "*filter\n:INPUT ACCEPT\n:FORWARD ACCEPT\n:OUTPUT ACCEPT\n:TCP -\n"
                       "-A INPUT -p tcp -j TCP\n"
                       "-A TCP -p udp --dport 53 -j ACCEPT\n"
                       "COMMIT\n"},
    .right = {.rules = "*filter\n:INPUT ACCEPT\n:FORWARD ACCEPT\n:OUTPUT ACCEPT\n:TCP -\n"
                       "-A INPUT -p tcp -j TCP\n"
                       "-A TCP -p tcp --dport 53 -j ACCEPT\n"
                       "COMMIT\n"},
    .run = [](LintSubject& subject) { report_shadowed(subject, Shadow::Impossible); },
};

}  // namespace mailweir::rules
