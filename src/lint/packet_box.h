// Sets of packets a proof can count with: boxes, which are a set of values per field, and facts nobody can decompose.
//
// A field's set may hold "absent" (a port of an ICMP packet): two sets cover each other only when they agree on it too.
// A fact is a free Boolean: a match nobody here understands, or one that remembers. What is proved holds whatever the
// facts are; facts of the same number are the same for the same packet.
// Sound, not complete: fields are taken to be independent, so there are packets in a box that no machine sends. A box
// that is covered here is covered; one that is not may be covered all the same.
// Costs: linear in the constraints of both boxes.  Threads: values.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "ruleset/model.h"

namespace mailweir::rules {

struct FieldValues {
  Field field = Field::Protocol;
  IntervalSet values;
  bool absent = false;  // and the packets that have no such field
  friend bool operator==(const FieldValues&, const FieldValues&) = default;
};
// What a packet can have there at all.
[[nodiscard]] FieldValues any_value(Field field, RuleFamily family);
[[nodiscard]] bool can_be_absent(Field field);

struct Fact {
  std::uint32_t number = 0;
  bool holds = true;
  friend auto operator<=>(const Fact&, const Fact&) = default;
};

class PacketBox {
 public:
  // Everything a table of that family sees.
  explicit PacketBox(RuleFamily family = RuleFamily::Inet) : family_(family) {}

  void constrain(const FieldValues& values);
  void constrain(Fact fact);
  // No packet is in it.
  [[nodiscard]] bool empty() const { return empty_; }
  [[nodiscard]] FieldValues at(Field field) const;
  [[nodiscard]] bool is_constrained(Field field) const;
  [[nodiscard]] std::span<const FieldValues> fields() const { return fields_; }
  [[nodiscard]] std::span<const Fact> facts() const { return facts_; }
  [[nodiscard]] RuleFamily family() const { return family_; }
  // Nothing but what the family says.
  [[nodiscard]] bool is_everything() const { return !empty_ && fields_.empty() && facts_.empty(); }

  [[nodiscard]] bool covers(const PacketBox& other) const;
  [[nodiscard]] bool meets(const PacketBox& other) const;
  [[nodiscard]] PacketBox intersected(const PacketBox& other) const;
  // Boxes that do not meet each other and together hold what is here and not there.
  [[nodiscard]] std::vector<PacketBox> without(const PacketBox& other) const;

  friend bool operator==(const PacketBox&, const PacketBox&) = default;

 private:
  [[nodiscard]] const FieldValues* find(Field field) const;

  RuleFamily family_;
  bool empty_ = false;
  std::vector<FieldValues> fields_;  // sorted, each narrower than any_value()
  std::vector<Fact> facts_;          // sorted, one per number
};

}  // namespace mailweir::rules
