// The questions of a walk: does this part of a rule say yes of this packet?
#include <fmt/format.h>

#include <algorithm>

#include "simulate/walk.h"

namespace mailweir::rules {

// nft's `th sport` and `th dport` read the first two bytes of whatever transport header there is, and the next two
// (nft_payload.c; seen on Linux 6.18): of ICMP type and code, and the checksum, which nobody here knows. Rules about
// ports of TCP or UDP ask for the protocol first and do not come here with another.
Walk::Reading Walk::read(Field field) const {
  const PacketValues& values = packet_->values;
  const Knowledge knowledge = values.knowledge_of(field);
  const bool port = field == Field::SourcePort || field == Field::DestinationPort;
  if (knowledge != Knowledge::Absent || !port || values.value(Field::Fragment) != 0)
    return {knowledge, values.value(field)};
  if (field == Field::SourcePort && values.is_known(Field::IcmpTypeCode))
    return {Knowledge::Known, values.value(Field::IcmpTypeCode)};
  return {Knowledge::Unknown, 0};
}

Walk::Answer Walk::ask_without_value(const Match& match) {
  const Field field = match.operand.field;
  const Reading reading = read(field);
  if (reading.knowledge == Knowledge::Known) return flat_of(match).holds_for(reading.value) ? Answer::Yes : Answer::No;
  if (reading.knowledge == Knowledge::Absent) return match.when_absent ? Answer::Yes : Answer::No;
  const std::optional<IntervalSet> wanted = whole_values(match);
  if (!wanted) return assume(RulePart{match});
  IntervalSet& possible = world_.narrowings->try_emplace(field, IntervalSet::all(width_of(field))).first->second;
  if (wanted->covers(possible)) return Answer::Yes;
  if (!wanted->meets(possible)) return Answer::Assumed;
  const bool is = world_.choices->choose(fmt::format("{} is {}", name_of(field), values_text(field, *wanted)));
  possible = is ? possible.intersected(*wanted) : possible.without(*wanted);
  return is ? Answer::Yes : Answer::Assumed;
}

Walk::Answer Walk::assume(const RulePart& part) {
  return world_.choices->choose(part_text(part) + " matches") ? Answer::Yes : Answer::Assumed;
}

Walk::Answer Walk::ask(const RulePart& part, const FlatChain& chain) {
  if (const auto* match = std::get_if<Match>(&part)) return ask(flat_of(*match));
  if (const auto* lookup = std::get_if<Lookup>(&part)) return look_up(*lookup, chain, part);
  if (const auto* limit = std::get_if<Limit>(&part)) return keep_limit(*limit, {}, limit, chain, part);
  if (const auto* keyed = std::get_if<KeyedLimit>(&part))
    return keep_limit(keyed->limit, keyed->key, keyed, chain, part);
  if (const auto* recent = std::get_if<Recent>(&part)) return ask_recent(*recent, part);
  if (const auto* change = std::get_if<SetUpdate>(&part)) return update(*change, chain, part);
  return assume(part);  // opaque ones, and how many connections there are
}

std::optional<SetKey> Walk::key_of(const std::vector<Operand>& key, bool& absent) const {
  SetKey values;
  values.reserve(key.size());
  absent = false;
  for (const Operand& operand : key) {
    const Reading reading = read(operand.field);
    if (reading.knowledge == Knowledge::Absent) absent = true;
    if (reading.knowledge != Knowledge::Known) return std::nullopt;
    values.push_back(reading.value & operand.mask);
  }
  return values;
}

namespace {

bool holds(const std::vector<IntervalSet>& element, const SetKey& key) {
  return std::ranges::equal(element, key,
                            [](const IntervalSet& values, FieldValue value) { return values.contains(value); });
}

}  // namespace

Walk::Answer Walk::look_up(const Lookup& lookup, const FlatChain& chain, const RulePart& part) {
  if (!lookup.ipset_options.empty()) return assume(part);
  if (!lookup.set.empty()) {
    const RuleSet* set = nullptr;
    if (lookup.ipset) {
      const auto& sets = world_.program->ruleset().ipsets;
      const auto found = std::ranges::find(sets, lookup.set, &RuleSet::name);
      set = found == sets.end() ? nullptr : &*found;
    } else {
      set = chain.table->find_set(lookup.set);
    }
    return set == nullptr ? assume(part) : look_up(*set, lookup.key, part, lookup.negated);
  }
  bool absent = false;
  const std::optional<SetKey> key = key_of(lookup.key, absent);
  if (absent) return Answer::No;
  if (!key) return assume(part);
  const bool in = std::ranges::any_of(lookup.elements, [&](const auto& element) { return holds(element, *key); });
  return in != lookup.negated ? Answer::Yes : Answer::No;
}

Walk::Answer Walk::look_up(const RuleSet& set, const std::vector<Operand>& operands, const RulePart& part,
                           bool negated) {
  bool absent = false;
  const std::optional<SetKey> key = key_of(operands, absent);
  if (absent) return Answer::No;  // the value cannot be loaded: the rule ends there, negated or not (NFT_BREAK)
  if (!key || key->empty()) return assume(part);
  bool in = key->size() == 1
                ? world_.program->holds(set, key->front())
                : std::ranges::any_of(set.elements, [&](const auto& element) { return holds(element.key, *key); });
  if (const auto changes = world_.memory->changed.find(&set); changes != world_.memory->changed.end()) {
    const auto change = changes->second.find(*key);
    if (change != changes->second.end()) in = change->second > world_.now;
  }
  return in != negated ? Answer::Yes : Answer::No;
}

Walk::Answer Walk::keep_limit(const Limit& written, const std::vector<Operand>& operands, const void* bucket,
                              const FlatChain& chain, const RulePart& part) {
  const Limit* limit = &written;
  if (!written.name.empty()) {
    const auto object = std::ranges::find_if(chain.table->objects, [&](const RuleObject& candidate) {
      return candidate.kind == "limit" && candidate.name == written.name && candidate.limit.has_value();
    });
    if (object == chain.table->objects.end()) return assume(part);
    limit = &*object->limit;
    bucket = limit;
  }
  bool absent = false;
  std::optional<SetKey> key = key_of(operands, absent);
  if (absent) return Answer::No;
  if (!key) return assume(part);
  auto& buckets = world_.memory->buckets;
  const auto found = buckets.try_emplace({bucket, std::move(*key)}, *limit, world_.now).first;
  const bool kept = found->second.take(*limit, packet_->values.number<std::uint32_t>(Field::Length), world_.now);
  return kept != limit->over ? Answer::Yes : Answer::No;
}

// recent_mt() of xt_recent.c.
Walk::Answer Walk::ask_recent(const Recent& recent, const RulePart& part) {
  bool absent = false;
  const std::optional<SetKey> key = key_of({recent.key}, absent);
  if (!key || !world_.memory->from_rest) return recent.action == Recent::Action::Set ? Answer::Yes : assume(part);
  auto& list = world_.memory->recent[recent.name];
  const auto entry = list.find(*key);
  bool found = entry != list.end();
  switch (recent.action) {
    case Recent::Action::Set:
      list[*key].push_back(world_.now);
      found = true;
      break;
    case Recent::Action::Remove:
      if (found) list.erase(entry);
      break;
    case Recent::Action::Check:
    case Recent::Action::Update:
      if (!found) break;
      const auto hits = std::ranges::count_if(entry->second, [&](Time stamp) {
        return !recent.seconds || stamp + std::chrono::seconds(*recent.seconds) >= world_.now;
      });
      found = (!recent.seconds && !recent.hits) || hits >= static_cast<std::ptrdiff_t>(recent.hits.value_or(1));
      if (found && recent.action == Recent::Action::Update) entry->second.push_back(world_.now);
      break;
  }
  return found != recent.negated ? Answer::Yes : Answer::No;
}

Walk::Answer Walk::update(const SetUpdate& update, const FlatChain& chain, const RulePart& part) {
  const RuleSet* set = chain.table->find_set(update.set);
  bool absent = false;
  std::optional<SetKey> key = key_of(update.key, absent);
  if (absent) return Answer::No;
  if (set == nullptr || !key || key->empty() || !update.text.empty()) return assume(part);
  if (update.limit) return keep_limit(*update.limit, update.key, set, chain, part);
  Time& until = world_.memory->changed[set][*key];
  if (update.action == SetUpdate::Action::Delete)
    until = Time::min();
  else if (update.timeout_s)
    until = world_.now + std::chrono::seconds(*update.timeout_s);
  else
    until = Time::max();
  return Answer::Yes;
}

const Verdict* Walk::find(const VerdictMap& map, const FlatChain& chain, bool& known) const {
  bool absent = false;
  const std::optional<SetKey> key = key_of(map.key, absent);
  known = absent || (key && !key->empty());
  if (!key || key->empty()) return nullptr;
  if (map.map.empty()) {
    const auto element = std::ranges::find_if(map.elements, [&](const auto& e) { return holds(e.key, *key); });
    return element == map.elements.end() ? nullptr : &element->verdict;
  }
  const RuleSet* set = chain.table->find_set(map.map);
  known = set != nullptr;
  if (set == nullptr) return nullptr;
  const auto element =
      std::ranges::find_if(set->elements, [&](const auto& e) { return e.verdict.has_value() && holds(e.key, *key); });
  return element == set->elements.end() ? nullptr : &*element->verdict;
}

}  // namespace mailweir::rules
