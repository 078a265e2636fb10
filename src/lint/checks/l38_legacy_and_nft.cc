#include <algorithm>

#include "lint/check.h"
#include "lint/subject.h"

namespace mailweir::rules {
namespace {

bool filters_something(const Table& table) {
  return std::ranges::any_of(table.chains, [](const Chain& chain) {
    return !chain.rules.empty() || (chain.hook && chain.hook->policy == Verdict::Kind::Drop);
  });
}

constexpr char kText[] =
    "there are rules of iptables-legacy besides those of nftables, and both filter: what one accepts the other may "
    "drop, and each tool shows its own half only";
constexpr char kFix[] =
    "move the rules to one of them, then flush the other: iptables-legacy -P INPUT ACCEPT (and FORWARD, OUTPUT), "
    "iptables-legacy -F";

void run(LintSubject& subject) {
  const Ruleset& ruleset = subject.ruleset();
  const auto legacy = [&](const Table& table) {
    return table.origin.file < ruleset.files.size() &&
           ruleset.files[table.origin.file].find("-legacy-save") != std::string::npos;
  };
  bool told = false;
  for (const Table& table : ruleset.tables) {
    if (!legacy(table) || !filters_something(table)) continue;
    const auto other = std::ranges::find_if(ruleset.tables, [&](const Table& each) {
      return !legacy(each) && filters_something(each) &&
             (each.family == table.family || each.family == RuleFamily::Inet);
    });
    if (other == ruleset.tables.end()) continue;
    told = true;
    Finding& finding = subject.add(Confidence::Proved, {&table, nullptr, nullptr, 0}, kText);
    finding.related.push_back({{&*other, nullptr, nullptr, 0}, "of nftables filters too"});
    finding.fix = kFix;
  }
  for (const Diagnostic& remark : subject.remarks()) {
    if (told || remark.id != "ruleset.legacy-too") continue;
    told = true;
    subject.add(Confidence::Heuristic, {}, kText).fix = kFix;
  }
}

}  // namespace

const Check l38{
    .number = "L38",
    .id = "legacy-and-nft",
    .severity = Severity::Error,
    .confidence = Confidence::Heuristic,
    .meaning = "tables of iptables-legacy and of nftables filter side by side",
    .why =
        "Both are asked for every packet, and a drop in either is final. iptables -L shows one of them, nft list "
        "ruleset the other, so a packet disappears without a rule to be seen, and counters mislead. It happens when an "
        "old script calls iptables-legacy on a machine that has moved on.",
    .wrong = {.rules = "# Warning: iptables-legacy tables present, use iptables-legacy-save to see them\n"
                       "-A INPUT -p tcp --dport 3306 -j DROP\n"},
    .right = {.rules = "-A INPUT -p tcp --dport 3306 -j DROP\n"},
    .run = run,
};

}  // namespace mailweir::rules
