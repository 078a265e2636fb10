// The packets a rule takes, rule by rule, and those that never come back from a chain.
//
// In:  a ruleset.   Out: a box per rule, and for each rule the boxes that do not go on to the next rule of its chain.
// Invariants
//   (1) space_of(rule).box holds every packet the rule can take (its facts allowing): too large is possible, too small
//       is not. Matches that remember, and matches on what a rule of this ruleset changes (marks), are facts of their
//       own.
//   (2) Every packet in `leaves` surely does not reach the next rule: too small is possible, too large is not.
//   (3) entries_of(chain) together hold every packet that can come into the chain.
// Limits: kBoxesMax boxes of a chain; what is past it is left out of `leaves`, and entries become "everything".
// Threads: read-only once built. The ruleset outlives it.
#pragma once

#include <cstdint>
#include <string>
#include <unordered_map>
#include <vector>

#include "lint/packet_box.h"

namespace mailweir::rules {

struct RuleSpace {
  PacketBox box;
  std::vector<PacketBox> leaves;
  // What takes part in the decision: nothing here is unknown, remembered or changed by rules.
  bool exact = true;
};

// Its elements are those that the source says: nothing adds to it while packets pass, and none of them ends.
[[nodiscard]] bool is_constant(const RuleSet& set);

class RuleSpaces {
 public:
  static constexpr std::size_t kBoxesMax = 512, kEntriesMax = 64;

  explicit RuleSpaces(const Ruleset& ruleset);

  [[nodiscard]] const RuleSpace& space_of(const Rule& rule) const { return spaces_.at(&rule); }
  [[nodiscard]] const std::vector<PacketBox>& entries_of(const Chain& chain) const { return entries_.at(&chain); }
  // Of packets that came into the chain: those that never return from it.
  [[nodiscard]] const std::vector<PacketBox>& kept_by(const Chain& chain) const { return kept_.at(&chain); }

 private:
  class Builder;
  std::unordered_map<const Rule*, RuleSpace> spaces_;
  std::unordered_map<const Chain*, std::vector<PacketBox>> entries_, kept_;
};

// What a packet at that hook is at least: no output interface in input, and so on.
[[nodiscard]] PacketBox packets_at(Hook hook, RuleFamily family);

}  // namespace mailweir::rules
