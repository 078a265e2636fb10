#include "lint/packet_box.h"

#include <algorithm>

namespace mailweir::rules {
namespace {

FieldValues common(const FieldValues& a, const FieldValues& b) {
  return {a.field, a.values.intersected(b.values), a.absent && b.absent};
}

bool is_empty(const FieldValues& values) { return values.values.empty() && !values.absent; }

bool covers_values(const FieldValues& a, const FieldValues& b) {
  return (a.absent || !b.absent) && a.values.covers(b.values);
}

bool meets_values(const FieldValues& a, const FieldValues& b) {
  return (a.absent && b.absent) || a.values.meets(b.values);
}

}  // namespace

bool can_be_absent(Field field) {
  switch (field) {
    case Field::Family:
    case Field::Protocol:
    case Field::InputInterface:
    case Field::OutputInterface:
    case Field::PacketMark:
    case Field::Length:
    case Field::PacketType:
    case Field::Priority:
    case Field::SourceAddress:
    case Field::DestinationAddress:
    case Field::Ttl:
    case Field::Dscp:
    case Field::Fragment:
    case Field::IpProtocol:
    case Field::ConnectionState:
    case Field::SourceType:
    case Field::DestinationType:
      return false;
    default:
      return true;
  }
}

FieldValues any_value(Field field, RuleFamily family) {
  return {field, domain_of(field, family), can_be_absent(field)};
}

const FieldValues* PacketBox::find(Field field) const {
  for (const FieldValues& each : fields_)
    if (each.field == field) return &each;
  return nullptr;
}

FieldValues PacketBox::at(Field field) const {
  const FieldValues* found = find(field);
  return found == nullptr ? any_value(field, family_) : *found;
}

bool PacketBox::is_constrained(Field field) const { return find(field) != nullptr; }

void PacketBox::constrain(const FieldValues& values) {
  const FieldValues narrowed = common(at(values.field), values);
  if (is_empty(narrowed)) empty_ = true;
  if (narrowed == any_value(values.field, family_)) return;
  const auto place = std::ranges::lower_bound(fields_, values.field, {}, &FieldValues::field);
  if (place != fields_.end() && place->field == values.field)
    *place = narrowed;
  else
    fields_.insert(place, narrowed);
}

void PacketBox::constrain(Fact fact) {
  const auto place = std::ranges::lower_bound(facts_, fact.number, {}, &Fact::number);
  if (place == facts_.end() || place->number != fact.number)
    facts_.insert(place, fact);
  else if (place->holds != fact.holds)
    empty_ = true;
}

bool PacketBox::covers(const PacketBox& other) const {
  if (other.empty_) return true;
  if (empty_) return false;
  for (const FieldValues& mine : fields_) {
    const FieldValues* theirs = other.find(mine.field);
    if (!covers_values(mine, theirs == nullptr ? any_value(mine.field, other.family_) : *theirs)) return false;
  }
  return std::ranges::includes(other.facts_, facts_);
}

bool PacketBox::meets(const PacketBox& other) const {
  if (empty_ || other.empty_) return false;
  auto a = fields_.begin();
  auto b = other.fields_.begin();
  while (a != fields_.end() && b != other.fields_.end()) {
    if (a->field < b->field) {
      ++a;
    } else if (b->field < a->field) {
      ++b;
    } else {
      if (!meets_values(*a, *b)) return false;
      ++a, ++b;
    }
  }
  return std::ranges::none_of(facts_, [&](const Fact& fact) {
    return std::ranges::binary_search(other.facts_, Fact{fact.number, !fact.holds});
  });
}

PacketBox PacketBox::intersected(const PacketBox& other) const {
  PacketBox both = *this;
  both.empty_ = empty_ || other.empty_;
  for (const FieldValues& values : other.fields_) both.constrain(values);
  for (const Fact fact : other.facts_) both.constrain(fact);
  return both;
}

std::vector<PacketBox> PacketBox::without(const PacketBox& other) const {
  std::vector<PacketBox> pieces;
  if (empty_) return pieces;
  if (!meets(other)) return {*this};
  PacketBox rest = *this;
  for (const FieldValues& theirs : other.fields_) {
    const FieldValues mine = rest.at(theirs.field);
    const FieldValues outside{theirs.field, mine.values.without(theirs.values), mine.absent && !theirs.absent};
    if (is_empty(outside)) continue;
    PacketBox piece = rest;
    piece.constrain(outside);
    pieces.push_back(std::move(piece));
    rest.constrain(theirs);
  }
  for (const Fact fact : other.facts_) {
    if (std::ranges::binary_search(rest.facts_, fact)) continue;
    PacketBox piece = rest;
    piece.constrain(Fact{fact.number, !fact.holds});
    pieces.push_back(std::move(piece));
    rest.constrain(fact);
  }
  return pieces;
}

}  // namespace mailweir::rules
