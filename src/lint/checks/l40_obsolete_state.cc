#include <fmt/format.h>

#include <map>

#include "lint/check.h"
#include "lint/subject.h"

namespace mailweir::rules {
namespace {

bool says_state(const Rule& rule) {
  return (" " + rule.origin.text + " ").find(" -m state ") != std::string::npos &&
         match_of(rule, Field::ConnectionState) != nullptr;
}

void run(LintSubject& subject) {
  std::map<const Table*, std::vector<RulePlace>> places;
  for (const RulePlace& place : subject.rules())
    if (says_state(*place.rule)) places[place.table].push_back(place);
  for (const Table& table : subject.ruleset().tables) {
    const auto found = places.find(&table);
    if (found == places.end()) continue;
    const auto count = found->second.size();
    Finding& finding = subject.add(
        Confidence::Proved, found->second[0],
        count == 1
            ? std::string("'-m state' is an old name of '-m conntrack --ctstate'")
            : fmt::format("'-m state' is an old name of '-m conntrack --ctstate' ({} rules of this table use it)",
                          count));
    finding.fix = "write -m conntrack --ctstate";
    for (const RulePlace& place : found->second) {
      Rule rule = *place.rule;
      rule.origin = {};  // printed anew, in today's words
      finding.edits.push_back(LintSubject::replacement(place, std::move(rule)));
    }
  }
}

}  // namespace

const Check l40{
    .number = "L40",
    .id = "obsolete-state-match",
    .severity = Severity::Info,
    .confidence = Confidence::Proved,
    .meaning = "'-m state' where '-m conntrack --ctstate' is meant",
    .why =
        "The state module has been an alias since 2012 (Linux 3.7): it does the same, knows less, and tools that "
        "translate rules stumble over it. One remark per table.",
    .wrong = {.rules = "-A INPUT -m state --state RELATED,ESTABLISHED -j ACCEPT\n"},
    .right = {.rules = "-A INPUT -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT\n"},
    .run = run,
};

}  // namespace mailweir::rules
