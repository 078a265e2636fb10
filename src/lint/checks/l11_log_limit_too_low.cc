#include <fmt/format.h>

#include "lint/check.h"
#include "lint/subject.h"

namespace mailweir::rules {
namespace {

constexpr std::uint64_t kPerHourMin = 12;  // a line in five minutes still shows that something goes on

const Limit* limit_of(const Rule& rule) {
  for (const RulePart& part : rule.parts)
    if (const auto* limit = std::get_if<Limit>(&part)) return limit;
  return nullptr;
}

void run(LintSubject& subject) {
  for (const RulePlace& place : subject.rules()) {
    const Limit* limit = limit_of(*place.rule);
    if (log_of(*place.rule) == nullptr || limit == nullptr || limit->bytes || limit->over || !limit->name.empty())
      continue;
    if (limit->per_s == 0 || limit->rate * 3600 >= kPerHourMin * limit->per_s) continue;
    Finding& finding = subject.add(Confidence::Proved, place,
                                   fmt::format("after {} lines it logs {} an hour{}: of most packets nothing is seen",
                                               limit->burst, limit->rate * 3600 / limit->per_s,
                                               limit->rate == 3 && limit->per_s == 3600 && limit->burst == 5
                                                   ? " (what -m limit does when nothing is said)"
                                                   : ""));
    finding.fix = "say a limit: --limit 10/min --limit-burst 20";
    Rule more = *place.rule;
    for (RulePart& part : more.parts)
      if (auto* its = std::get_if<Limit>(&part)) *its = Limit{.rate = 10, .per_s = 60, .burst = 20, .name = {}};
    finding.edits.push_back(LintSubject::replacement(place, std::move(more)));
  }
}

}  // namespace

const Check l11{
    .number = "L11",
    .id = "log-limit-too-low",
    .severity = Severity::Info,
    .confidence = Confidence::Proved,
    .meaning = "a log rule is limited to less than a line in five minutes",
    .why =
        "-m limit without numbers means three lines an hour after the first five. Whoever reads the log then sees a "
        "few strange packets where there were thousands.",
    .wrong = {.rules = "-A INPUT -p tcp --dport 25 -m limit -j LOG --log-prefix \"smtp in: \"\n"},
    .right =
        {.rules =
             "-A INPUT -p tcp --dport 25 -m limit --limit 10/min --limit-burst 20 -j LOG --log-prefix \"smtp in: \"\n"},
    .run = run,
};

}  // namespace mailweir::rules
