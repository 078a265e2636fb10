// A ruleset made ready for walking: chains by number, the leading plain matches of every rule in one flat array.
//
// A rule of a hundred fails at its first or second match; those must not be looked for in scattered memory.
// Invariant: the Ruleset outlives it and does not change.  Threads: read-only once built.
#pragma once

#include <cstdint>
#include <unordered_map>
#include <vector>

#include "ruleset/model.h"
#include "simulate/stretches.h"

namespace mailweir::rules {

// A Match with its first interval at hand.
struct FlatMatch {
  FieldValue mask, first, span;  // the interval is first..first + span
  const Match* match;
  Field field;
  bool wanted;  // what being in the intervals must be
  bool others;  // there are other intervals than that

  // What it says of a packet in which the field has that value.
  [[nodiscard]] bool holds_for(FieldValue whole) const {
    const FieldValue value = whole & mask;
    bool in = value - first <= span;
    if (!in && others) in = match->values.contains(value);
    return in == wanted;
  }
};

[[nodiscard]] FlatMatch flat_of(const Match& match);

inline constexpr std::uint32_t kNoChain = UINT32_MAX;

struct FlatRule {
  const Rule* rule;
  std::uint32_t matches_begin, matches_end;  // of Program::matches()
  std::uint32_t parts_begin;                 // the first part of Rule::parts that is not among them
  std::uint32_t counter;                     // the number of its first Counter among all counters
};

struct FlatChain {
  const Table* table;
  const Chain* chain;
  std::uint32_t rules_begin, rules_end;  // of Program::rules()
};

// One thing that happens at a hook, in order of priority.
struct HookStep {
  enum class Kind : std::uint8_t {
    Track,      // conntrack looks at the packet
    Chain,      // a base chain of type filter or route
    Translate,  // address translation, with the nat chains of this hook
    Confirm,    // conntrack takes a new connection for good
  };
  Kind kind;
  int priority;
  std::uint32_t chain = kNoChain;
  std::vector<std::uint32_t> nat_chains;  // of Translate
};

class Program {
 public:
  explicit Program(const Ruleset& ruleset);

  [[nodiscard]] const Ruleset& ruleset() const { return *ruleset_; }
  [[nodiscard]] const std::vector<FlatMatch>& matches() const { return matches_; }
  [[nodiscard]] const std::vector<FlatRule>& rules() const { return rules_; }
  [[nodiscard]] const std::vector<FlatChain>& chains() const { return chains_; }
  [[nodiscard]] const Stretches& stretches() const { return stretches_; }
  [[nodiscard]] std::uint32_t counters() const { return counters_; }
  // kNoChain: the table has no chain of that name.
  [[nodiscard]] std::uint32_t chain_of(const Table& table, const std::string& name) const;
  // Is that value in a set whose key has one part? REQUIRES: the set is of the ruleset.
  [[nodiscard]] bool holds(const RuleSet& set, FieldValue value) const;
  // Of packets of one family at one of the five hooks of IP.
  [[nodiscard]] const std::vector<HookStep>& steps_at(bool v4, Hook hook) const {
    return steps_[v4 ? 0 : 1][static_cast<std::size_t>(hook)];
  }

 private:
  void add_chain(const Table& table, const Chain& chain);
  void add_rule(const Rule& rule);
  void unite(const RuleSet& set);
  void order_hook(RuleFamily family, Hook hook);

  const Ruleset* ruleset_;
  std::vector<FlatMatch> matches_;
  std::vector<FlatRule> rules_;
  std::vector<FlatChain> chains_;
  Stretches stretches_;
  std::unordered_map<const Table*, std::unordered_map<std::string, std::uint32_t>> by_name_;
  std::unordered_map<const RuleSet*, IntervalSet> united_;  // of sets whose key has one part
  std::vector<HookStep> steps_[2][kHookCount];
  std::uint32_t counters_ = 0;
};

}  // namespace mailweir::rules
