// Rules that no packet can reach or match: proved, with the rules that prove it.
//
// In:  a ruleset and its spaces.   Out: dead rules in order, and what was not looked at for want of time.
// Method: from what a rule takes, the boxes of earlier rules are cut out until nothing is left (dead) or a packet is
// found that none of them takes (alive). Boxes come from rule_space.h, so unions, negation and user chains count, and
// unknown matches prove nothing. Limits: kCutsMax cuts for one rule, kComparisonsMax comparisons in all; past them a
// rule counts as alive, and is counted.
#pragma once

#include <cstdint>
#include <unordered_map>
#include <vector>

#include "lint/finding.h"
#include "lint/rule_space.h"

namespace mailweir::rules {

struct DeadRule {
  enum class Cause : std::uint8_t {
    Contradiction,  // its own matches exclude each other
    NeverEntered,   // no packet that comes into its chain can match it
    OneRule,        // one earlier rule takes all of it
    SeveralRules,   // several together do
  };
  RulePlace place;
  Cause cause = Cause::OneRule;
  std::vector<RulePlace> by;  // in order; rules of the same chain
};

class DeadRules {
 public:
  static constexpr std::size_t kCutsMax = 400, kComparisonsMax = 60'000'000;

  DeadRules(const Ruleset& ruleset, const RuleSpaces& spaces);

  [[nodiscard]] const std::vector<DeadRule>& list() const { return list_; }
  // Null: not proved dead.
  [[nodiscard]] const DeadRule* find(const Rule& rule) const;
  // Rules of which it was not found out.
  [[nodiscard]] std::size_t undecided() const { return undecided_; }

 private:
  void look_at(const Table& table, const Chain& chain, const RuleSpaces& spaces);

  std::vector<DeadRule> list_;
  std::unordered_map<const Rule*, std::size_t> by_rule_;
  std::size_t undecided_ = 0, comparisons_ = 0;
};

}  // namespace mailweir::rules
