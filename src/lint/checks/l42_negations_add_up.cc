#include <fmt/format.h>

#include <algorithm>

#include "lint/check.h"
#include "lint/subject.h"

namespace mailweir::rules {
namespace {

constexpr Field kFields[] = {Field::SourceAddress, Field::DestinationAddress, Field::InputInterface,
                             Field::OutputInterface, Field::DestinationPort};

const Match* negated_match(const Rule& rule, Field field) {
  const Match* match = match_of(rule, field);
  return match != nullptr && match->negated ? match : nullptr;
}

// Equal but for that field, counters and comments.
bool same_but_for(const Rule& a, const Rule& b, Field field) {
  const auto without = [field](Rule rule) {
    std::erase_if(rule.parts, [field](const RulePart& part) {
      const auto* match = std::get_if<Match>(&part);
      return match != nullptr && match->operand.field == field;
    });
    return rule;
  };
  return same_rule(without(a), without(b));
}

bool look_at(LintSubject& subject, const RulePlace& place, Field field) {
  const Rule& rule = *place.rule;
  const Match* own = negated_match(rule, field);
  if (own == nullptr || is_limited(rule)) return false;
  for (std::uint32_t i = 0; i + 1 < place.number; ++i) {
    const Rule& earlier = place.chain->rules[i];
    const Match* other = negated_match(earlier, field);
    if (other == nullptr || other->values.meets(own->values) || !same_but_for(earlier, rule, field)) continue;
    PacketBox excepted(place.table->family);
    excepted.constrain(FieldValues{field, other->values, false});
    const auto witness = subject.packet_reaching(place, excepted);
    if (!witness) continue;
    Finding& finding = subject.add(
        Confidence::Proved, place,
        fmt::format("{} what rule {} left, so that together they take everything: nothing is both {} and {}",
                    name_of(effect_of(rule)), i + 1, values_text(field, other->values),
                    values_text(field, own->values)));
    finding.related.push_back({{place.table, place.chain, &earlier, i + 1}, "excepts something else"});
    finding.witness = witness;
    finding.fix = effect_of(rule) == Effect::Accept ? "drop the exceptions first, then accept the rest with one rule"
                                                    : "accept the exceptions first, then stop the rest with one rule";
    return true;
  }
  return false;
}

void run(LintSubject& subject) {
  for (const RulePlace& place : subject.rules()) {
    const Effect effect = effect_of(*place.rule);
    if (effect != Effect::Accept && !stops(effect)) continue;
    for (const Field field : kFields)
      if (look_at(subject, place, field)) break;
  }
}

}  // namespace

const Check l42{
    .number = "L42",
    .id = "negations-add-up",
    .severity = Severity::Error,
    .confidence = Confidence::Proved,
    .meaning = "several rules with a '!' of the same kind, which together take everything",
    .why =
        "'! -s A -j DROP' and '! -s B -j DROP' do not let A and B pass: what comes from A is not from B, so the second "
        "rule drops it. Nothing is left; with ACCEPT, everything is let in.",
    .wrong = {.rules = "-A INPUT ! -s 192.0.2.7 -p tcp --dport 3306 -j DROP\n"
                       "-A INPUT ! -s 192.0.2.8 -p tcp --dport 3306 -j DROP\n"},
    .right = {.rules = "-A INPUT -s 192.0.2.7 -p tcp --dport 3306 -j ACCEPT\n"
                       "-A INPUT ! -s 192.0.2.8 -p tcp --dport 3306 -j DROP\n"},
    .run = run,
};

}  // namespace mailweir::rules
