#include <fmt/format.h>

#include <algorithm>

#include "lint/check.h"
#include "lint/subject.h"

namespace mailweir::rules {
namespace {

// Fewer packets or places are not worth a change.
constexpr std::uint64_t kPacketsMin = 100'000;
constexpr std::uint32_t kPlacesMin = 10;

bool ends(Effect effect) { return effect == Effect::Accept || stops(effect); }

// The earliest place where the rule does what it does now: it passes only rules
// that end the same way, or that take other packets.
std::uint32_t place_above(LintSubject& subject, const Chain& chain, std::uint32_t number) {
  const Rule& rule = chain.rules[number - 1];
  const Effect effect = effect_of(rule);
  std::uint32_t place = number;
  while (place > 1) {
    const Rule& above = chain.rules[place - 2];
    const bool same = effect_of(above) == effect && effect != Effect::Reject && above.parts.size() <= 32 &&
                      log_of(above) == nullptr && !is_limited(above);
    if (!same && subject.spaces().space_of(above).box.meets(subject.spaces().space_of(rule).box)) break;
    --place;
  }
  return place;
}

void look_at(LintSubject& subject, const Table& table, const Chain& chain) {
  std::uint64_t all = chain.hook ? chain.packets.value_or(0) : 0;
  for (const Rule& rule : chain.rules)
    if (ends(effect_of(rule))) all += hits_of(rule).value_or(0);
  if (all < kPacketsMin) return;
  for (std::uint32_t i = kPlacesMin; i < chain.rules.size(); ++i) {
    const Rule& rule = chain.rules[i];
    const std::uint64_t hits = hits_of(rule).value_or(0);
    if (!ends(effect_of(rule)) || hits < all / 2 || is_unconditional(rule) || is_limited(rule)) continue;
    const RulePlace place{&table, &chain, &rule, i + 1};
    const std::uint32_t above = place_above(subject, chain, i + 1);
    if (i + 1 - above < kPlacesMin) continue;
    Finding& finding = subject.add(Confidence::Proved, place,
                                   fmt::format("takes {} of {} packets of this chain, each after {} comparisons; at "
                                               "place {} it does the same",
                                               hits, all, i, above));
    finding.fix = fmt::format("move it to place {}", above);
    RuleEdit edit = removal(place);
    edit.kind = RuleEdit::Kind::Move;
    edit.before = above;
    finding.edits.push_back(std::move(edit));
    return;
  }
}

void run(LintSubject& subject) {
  for (const Table& table : subject.ruleset().tables)
    for (const Chain& chain : table.chains) look_at(subject, table, chain);
}

}  // namespace

const Check l46{
    .number = "L46",
    .id = "hot-rule-low",
    .severity = Severity::Info,
    .confidence = Confidence::Proved,
    .meaning = "by its counter, a rule far down takes most packets, and may stand higher",
    .why =
        "Every packet is compared with every rule above the one that takes it. Said only where counters are given and "
        "where it is proved that no packet's fate changes: the rules it would pass take other packets, or end them the "
        "same way.",
    .wrong = {.rules = "-A INPUT -p tcp --dport 22 -c 1 60 -j ACCEPT\n"
                       "-A INPUT -p tcp --dport 25 -c 1 60 -j ACCEPT\n"
                       "-A INPUT -p tcp --dport 53 -c 1 60 -j ACCEPT\n"
                       "-A INPUT -p tcp --dport 80 -c 1 60 -j ACCEPT\n"
                       "-A INPUT -p tcp --dport 110 -c 1 60 -j ACCEPT\n"
                       "-A INPUT -p tcp --dport 143 -c 1 60 -j ACCEPT\n"
                       "-A INPUT -p tcp --dport 443 -c 1 60 -j ACCEPT\n"
                       "-A INPUT -p tcp --dport 465 -c 1 60 -j ACCEPT\n"
                       "-A INPUT -p tcp --dport 587 -c 1 60 -j ACCEPT\n"
                       "-A INPUT -p tcp --dport 993 -c 1 60 -j ACCEPT\n"
                       "[900000:54000000] -A INPUT -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT\n"},
    .right = {.rules = "[900000:54000000] -A INPUT -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT\n"
                       "-A INPUT -p tcp --dport 22 -c 1 60 -j ACCEPT\n"
                       "-A INPUT -p tcp --dport 25 -c 1 60 -j ACCEPT\n"},
    .run = run,
};

}  // namespace mailweir::rules
