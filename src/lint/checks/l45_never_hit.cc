#include <fmt/format.h>

#include <algorithm>

#include "lint/check.h"
#include "lint/subject.h"

namespace mailweir::rules {
namespace {

constexpr std::uint64_t kPacketsMin = 100'000;  // that came by without matching, before it says something

// Packets that surely came to the place behind rule `index`: those that later
// rules ended, and the policy.
std::uint64_t came_behind(const Chain& chain, std::size_t index) {
  std::uint64_t packets = chain.hook ? chain.packets.value_or(0) : 0;
  for (std::size_t i = index + 1; i < chain.rules.size(); ++i) {
    const Effect effect = effect_of(chain.rules[i]);
    if (effect == Effect::Accept || stops(effect)) packets += hits_of(chain.rules[i]).value_or(0);
  }
  return packets;
}

void run(LintSubject& subject) {
  for (const Table& table : subject.ruleset().tables)
    for (const Chain& chain : table.chains) {
      std::vector<RulePlace> unused;
      std::uint64_t least = UINT64_MAX;
      for (std::uint32_t i = 0; i != chain.rules.size(); ++i) {
        const Rule& rule = chain.rules[i];
        if (effect_of(rule) != Effect::Accept || hits_of(rule) != std::optional<std::uint64_t>(0)) continue;
        if (subject.dead().find(rule) != nullptr || subject.duplicate_of(rule) != nullptr) continue;
        const std::uint64_t came = came_behind(chain, i);
        if (came < kPacketsMin) continue;
        least = std::min(least, came);
        unused.push_back({&table, &chain, &rule, i + 1});
      }
      if (unused.empty()) continue;
      Finding& finding =
          subject.add(Confidence::Heuristic, unused[0],
                      fmt::format("{} took none of the {} and more packets that came by", numbers_text(unused), least));
      for (std::size_t i = 1; i < unused.size(); ++i) finding.related.push_back({unused[i], "took none either"});
      finding.fix = "ask whether what is accepted there is still in use; an open door nobody uses is only a risk";
    }
}

}  // namespace

const Check l45{
    .number = "L45",
    .id = "never-hit",
    .severity = Severity::Info,
    .confidence = Confidence::Heuristic,
    .meaning = "by its counter, a rule that accepts has never been used while many packets came by",
    .why =
        "A service that moved away leaves its door open. Said only of rules that accept (one that drops waits for its "
        "day), where counters are given, and where later rules of the chain took 100,000 packets or more.",
    .wrong = {.rules = "-A INPUT -p tcp --dport 6667 -c 0 0 -j ACCEPT\n"
                       "-A INPUT -p tcp --dport 25 -c 250000 15000000 -j ACCEPT\n"},
    .right = {.rules = "-A INPUT -p tcp --dport 6667 -c 12 720 -j ACCEPT\n"
                       "-A INPUT -p tcp --dport 25 -c 250000 15000000 -j ACCEPT\n"},
    .run = run,
};

}  // namespace mailweir::rules
