#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "lint/check.h"
#include "lint/subject.h"

namespace mailweir::rules {
namespace {

constexpr std::uint64_t kLinesPerMinute = 10, kBurst = 20;  // enough to see what happens, too few to fill a disk

// Chains into which only limited rules jump: their LOG needs no limit of its own.
bool every_call_is_limited(LintSubject& subject, const RulePlace& place) {
  if (place.chain->hook) return false;
  bool called = false;
  for (const RulePlace& caller : subject.rules()) {
    if (caller.table != place.table) continue;
    const Verdict* verdict = verdict_of(*caller.rule);
    if (verdict == nullptr || verdict->chain != place.chain->name) continue;
    if (!is_limited(*caller.rule)) return false;
    called = true;
  }
  return called;
}

// "RETURN what exceeds the limit", or "RETURN within a limit, drop the rest", before the LOG.
bool limited_before(const RulePlace& place) {
  for (std::uint32_t i = 0; i + 1 < place.number; ++i) {
    const Rule& earlier = place.chain->rules[i];
    if (is_limited(earlier) && effect_of(earlier) != Effect::GoesOn) return true;
  }
  return false;
}

Rule limited(Rule rule) {
  const auto log = std::ranges::find_if(rule.parts, [](const RulePart& p) { return std::holds_alternative<Log>(p); });
  // iptables counts between its matches and its target.
  const auto place =
      std::ranges::find_if(rule.parts.begin(), log, [](const RulePart& part) { return !is_match(part); });
  rule.parts.insert(place, Limit{.rate = kLinesPerMinute, .per_s = 60, .burst = kBurst, .name = {}});
  return rule;
}

void run(LintSubject& subject) {
  for (const RulePlace& place : subject.rules()) {
    const Log* log = log_of(*place.rule);
    if (log == nullptr || log->group || is_limited(*place.rule)) continue;
    if (limited_before(place) || every_call_is_limited(subject, place)) continue;
    // One that nobody reaches logs nothing.
    if (subject.dead().find(*place.rule) != nullptr || subject.duplicate_of(*place.rule) != nullptr) continue;
    Finding& finding = subject.add(Confidence::Heuristic, place,
                                   "every packet makes a line in the kernel log: whoever sends many fills the disk");
    finding.fix = fmt::format("let it log at most {} lines a minute", kLinesPerMinute);
    if (effect_of(*place.rule) != Effect::GoesOn) {
      // nft: log and verdict in one rule; the limit must not limit the verdict.
      Rule logs = limited(*place.rule), decides = *place.rule;
      std::erase_if(logs.parts, [&](const RulePart& part) { return &part == logs.target(); });
      std::erase_if(decides.parts, [](const RulePart& part) { return std::holds_alternative<Log>(part); });
      finding.edits = {insertion(place, std::move(logs)), LintSubject::replacement(place, std::move(decides))};
    } else {
      finding.edits.push_back(LintSubject::replacement(place, limited(*place.rule)));
    }
  }
}

}  // namespace

const Check l07{
    .number = "L07",
    .id = "log-without-limit",
    .severity = Severity::Warning,
    .confidence = Confidence::Heuristic,
    .meaning = "a rule logs every packet to the kernel log, without a limit",
    .why =
        "A port scan or a worm then writes the log: the disk fills, other messages are lost, and the machine is busy "
        "with writing. NFLOG, a limit in the rule that jumps here, and a limit before the LOG are fine.",
    .wrong = {.rules = "-A OUTPUT -p tcp --dport 25 -j LOG --log-prefix \"smtp out: \"\n"
                       "-A OUTPUT -p tcp --dport 25 -j DROP\n"},
    .right =
        {.rules =
             "-A OUTPUT -p tcp --dport 25 -m limit --limit 10/min --limit-burst 20 -j LOG --log-prefix \"smtp out: \"\n"
             "-A OUTPUT -p tcp --dport 25 -j DROP\n"},
    .run = run,
};

}  // namespace mailweir::rules
