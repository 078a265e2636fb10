#include "lint/packet_kinds.h"

#include <algorithm>

#include "ruleset/number_names.h"

namespace mailweir::rules {
namespace {

bool has_interval_for(const IntervalSet& values, std::uint16_t port) {
  return std::ranges::any_of(values.intervals(), [port](const Interval& interval) {
    return interval.first <= port && port <= interval.last && interval.last - interval.first < kNamedWidthMax;
  });
}

}  // namespace

PacketBox opening(std::uint8_t protocol, std::uint16_t port) {
  PacketBox box = in_state(ConnectionState::New);
  box.constrain(FieldValues{Field::Protocol, IntervalSet::single(protocol), false});
  box.constrain(FieldValues{Field::DestinationPort, IntervalSet::single(port), false});
  return box;
}

PacketBox in_state(ConnectionState state) {
  PacketBox box;
  box.constrain(FieldValues{Field::ConnectionState, values_of(state), false});
  return box;
}

PacketBox freed(const PacketBox& box, std::initializer_list<Field> fields) {
  PacketBox free(box.family());
  for (const FieldValues& values : box.fields())
    if (std::ranges::find(fields, values.field) == fields.end()) free.constrain(values);
  return free;
}

bool names_port(const Rule& rule, std::uint16_t port) {
  return std::ranges::any_of(rule.parts, [port](const RulePart& part) {
    if (const auto* match = std::get_if<Match>(&part)) {
      if (match->operand.field != Field::DestinationPort) return false;
      const auto values = whole_values(*match);
      return values && has_interval_for(*values, port);
    }
    const auto* lookup = std::get_if<Lookup>(&part);
    if (lookup == nullptr || lookup->negated || !lookup->set.empty()) return false;
    for (std::size_t i = 0; i != lookup->key.size(); ++i)
      if (lookup->key[i].field == Field::DestinationPort)
        return std::ranges::any_of(lookup->elements, [&](const auto& key) { return has_interval_for(key[i], port); });
    return false;
  });
}

bool stops_named(LintSubject& subject, const RulePlace& place, std::uint16_t port) {
  const Rule& rule = *place.rule;
  if (!stops(effect_of(rule)) || !names_port(rule, port) || is_limited(rule)) return false;
  const RuleSpace& space = subject.spaces().space_of(rule);
  if (!space.exact || !space.box.facts().empty() || !space.box.meets(opening(kProtocolTcp, port))) return false;
  return subject.dead().find(rule) == nullptr && subject.duplicate_of(rule) == nullptr;
}

bool may_pass(LintSubject& subject, const PacketBox& box, Way way, bool v4) {
  if (subject.packet_that(Played::End::Passes, box, way, v4)) return true;
  for (const RulePlace& place : filtering_rules(subject, filter_hook(way), v4)) {
    const Effect effect = effect_of(*place.rule);
    if (effect != Effect::Accept && effect != Effect::Other) continue;
    if (subject.spaces().space_of(*place.rule).box.meets(box)) return true;
  }
  return false;
}

Hook filter_hook(Way way) { return way == Way::In ? Hook::Input : way == Way::Out ? Hook::Output : Hook::Forward; }

bool sees(const Table& table, bool v4) {
  return table.family == RuleFamily::Inet || table.family == (v4 ? RuleFamily::Ip4 : RuleFamily::Ip6);
}

std::vector<RulePlace> filtering_rules(LintSubject& subject, Hook hook, bool v4) {
  std::vector<RulePlace> found;
  for (const RulePlace& place : subject.rules()) {
    if (!sees(*place.table, v4) || place.table->name == "nat") continue;
    if (place.chain->hook && (place.chain->hook->type == ChainType::Nat || place.chain->hook->hook != hook)) continue;
    const auto hooks = subject.hooks_of(*place.chain);
    if (std::ranges::find(hooks, hook) != hooks.end()) found.push_back(place);
  }
  return found;
}

}  // namespace mailweir::rules
