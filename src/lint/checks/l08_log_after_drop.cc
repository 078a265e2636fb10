#include "lint/check.h"
#include "lint/shadow.h"

namespace mailweir::rules {

const Check l08{
    .number = "L08",
    .id = "log-after-drop",
    .severity = Severity::Error,
    .confidence = Confidence::Proved,
    .meaning = "a rule logs what an earlier rule has dropped already",
    .why = "It never logs anything: LOG lets the packet go on, DROP does not, so LOG comes first.",
    .wrong = {.rules = "-A OUTPUT -p tcp --dport 25 -j DROP\n"
                       "-A OUTPUT -p tcp --dport 25 -m limit --limit 10/min -j LOG --log-prefix \"smtp out: \"\n"},
    .right = {.rules = "-A OUTPUT -p tcp --dport 25 -m limit --limit 10/min -j LOG --log-prefix \"smtp out: \"\n"
                       "-A OUTPUT -p tcp --dport 25 -j DROP\n"},
    .run = [](LintSubject& subject) { report_shadowed(subject, Shadow::LogAfterDrop); },
};

}  // namespace mailweir::rules
