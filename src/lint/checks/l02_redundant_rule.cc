#include "lint/check.h"
#include "lint/shadow.h"

namespace mailweir::rules {

const Check l02{
    .number = "L02",
    .id = "redundant-rule",
    .severity = Severity::Info,
    .confidence = Confidence::Proved,
    .meaning = "one earlier rule does the same with all of its packets already",
    .why =
        "The rule never matches, and nothing would change without it. It costs a comparison per packet and misleads "
        "whoever reads the rules: they look more detailed than they are.",
    .wrong = {.rules = "-A INPUT -p tcp -s 192.0.2.0/24 -j ACCEPT\n"
                       "-A INPUT -p tcp -s 192.0.2.7 --dport 22 -j ACCEPT\n"},
    .right = {.rules = "-A INPUT -p tcp -s 192.0.2.0/24 -j ACCEPT\n"
                       "-A INPUT -p tcp -s 198.51.100.7 --dport 22 -j ACCEPT\n"},
    .run = [](LintSubject& subject) { report_shadowed(subject, Shadow::SameVerdict); },
};

}  // namespace mailweir::rules
