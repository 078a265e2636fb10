#include "lint/check.h"
#include "lint/shadow.h"

namespace mailweir::rules {

const Check l05{
    .number = "L05",
    .id = "unreachable-rule",
    .severity = Severity::Error,
    .confidence = Confidence::Proved,
    .meaning = "a rule stands behind one that takes every packet",
    .why =
        "Behind an accept or a drop without conditions nothing is ever looked at. Often rules were appended to a chain "
        "that ends in such a rule (iptables -A) where they should have been inserted before it.",
    .wrong = {.rules = "-A INPUT -p tcp --dport 22 -j ACCEPT\n"
                       "-A INPUT -j DROP\n"
                       "-A INPUT -p tcp --dport 25 -j ACCEPT\n"},
    .right = {.rules = "-A INPUT -p tcp --dport 22 -j ACCEPT\n"
                       "-A INPUT -p tcp --dport 25 -j ACCEPT\n"
                       "-A INPUT -j DROP\n"},
    .run = [](LintSubject& subject) { report_shadowed(subject, Shadow::AfterEnd); },
};

}  // namespace mailweir::rules
