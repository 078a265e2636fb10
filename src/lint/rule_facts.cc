#include "lint/rule_facts.h"

#include <algorithm>

namespace mailweir::rules {
namespace {

template <typename Part>
const Part* part_of(const Rule& rule) {
  for (const RulePart& part : rule.parts)
    if (const auto* found = std::get_if<Part>(&part)) return found;
  return nullptr;
}

}  // namespace

Effect effect_of(const Rule& rule) {
  const RulePart* target = rule.target();
  if (target == nullptr) {
    const auto opaque = [](const RulePart& part) {
      const auto* statement = std::get_if<OpaqueStatement>(&part);
      return statement != nullptr && !statement->harmless;
    };
    return std::ranges::any_of(rule.parts, opaque) ? Effect::Other : Effect::GoesOn;
  }
  if (std::holds_alternative<Reject>(*target)) return Effect::Reject;
  if (std::holds_alternative<Nat>(*target)) return Effect::Translate;
  const auto* verdict = std::get_if<Verdict>(target);
  if (verdict == nullptr) return Effect::Other;
  switch (verdict->kind) {
    case Verdict::Kind::Accept:
      return Effect::Accept;
    case Verdict::Kind::Drop:
      return Effect::Drop;
    case Verdict::Kind::Return:
      return Effect::Return;
    case Verdict::Kind::Jump:
    case Verdict::Kind::Goto:
      return Effect::Jump;
    case Verdict::Kind::Continue:
      return Effect::GoesOn;
    case Verdict::Kind::Queue:
      return Effect::Other;
  }
  return Effect::Other;
}

std::string_view name_of(Effect effect) {
  constexpr std::string_view kNames[] = {"goes on",    "accepts", "drops", "rejects",
                                         "translates", "returns", "jumps", "does something else"};
  return kNames[static_cast<std::size_t>(effect)];
}

const Log* log_of(const Rule& rule) { return part_of<Log>(rule); }
const Reject* reject_of(const Rule& rule) { return part_of<Reject>(rule); }
const Nat* nat_of(const Rule& rule) { return part_of<Nat>(rule); }
const Verdict* verdict_of(const Rule& rule) { return part_of<Verdict>(rule); }

const Match* match_of(const Rule& rule, Field field) {
  for (const RulePart& part : rule.parts) {
    const auto* match = std::get_if<Match>(&part);
    if (match != nullptr && match->operand.field == field) return match;
  }
  return nullptr;
}

bool is_limited(const Rule& rule) {
  return std::ranges::any_of(rule.parts, [](const RulePart& part) {
    if (const auto* opaque = std::get_if<OpaqueMatch>(&part)) return opaque->module != "string" && !opaque->pure;
    return remembers(part);
  });
}

bool is_unconditional(const Rule& rule) {
  return std::ranges::none_of(rule.parts, [](const RulePart& part) {
    return is_match(part) || std::holds_alternative<SetUpdate>(part) || std::holds_alternative<VerdictMap>(part);
  });
}

bool asks_for(const Rule& rule, Field field) {
  return std::ranges::any_of(rule.parts, [field](const RulePart& part) {
    const auto named = [field](const Operand& operand) { return operand.field == field; };
    if (const auto* match = std::get_if<Match>(&part)) return match->operand.field == field;
    if (const auto* lookup = std::get_if<Lookup>(&part)) return std::ranges::any_of(lookup->key, named);
    if (const auto* map = std::get_if<VerdictMap>(&part)) return std::ranges::any_of(map->key, named);
    return false;
  });
}

std::optional<std::uint64_t> hits_of(const Rule& rule) {
  const auto* counter = part_of<Counter>(rule);
  return counter == nullptr ? std::nullopt : counter->packets;
}

bool sees(const Table& table, bool v4) {
  return table.family == RuleFamily::Inet || table.family == (v4 ? RuleFamily::Ip4 : RuleFamily::Ip6);
}

bool same_rule(const Rule& a, const Rule& b) {
  return std::ranges::equal(a.parts, b.parts, [](const RulePart& x, const RulePart& y) {
    return x == y || (std::holds_alternative<Counter>(x) && std::holds_alternative<Counter>(y));
  });
}

}  // namespace mailweir::rules
