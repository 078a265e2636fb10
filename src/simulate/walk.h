// A packet's walk through one base chain and the chains it jumps to.
//
// In:  a packet, what the rules remember, the time.   Out: how the base chain ends.
// Changes: the packet (marks, TTL, DSCP), the connection's mark, counters, buckets, sets.
// Three-valued: where an answer is unknown, Choices says what this world takes it to be. A field that is unknown is
// narrowed by every answer, so that no world has a destination port that is both 25 and 80.
// Limits: kJumpsMax frames (NFT_JUMP_STACK_SIZE is 16), kRulesMax rules of one walk; past either the end is TooLong,
// and says which.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string_view>

#include "base/time.h"
#include "simulate/choices.h"
#include "simulate/notebook.h"
#include "simulate/packet_values.h"
#include "simulate/program.h"
#include "simulate/rule_memory.h"

namespace mailweir::rules {

// What of an unknown field is still possible in this world.
using Narrowings = std::map<Field, IntervalSet>;

struct ChainEnd {
  enum class Kind : std::uint8_t { Accept, Drop, Reject, Queue, Translate, Unknown, TooLong };
  Kind kind = Kind::Accept;
  const Rule* rule = nullptr;      // that ended it; nothing: the policy
  const Chain* chain = nullptr;    // where that rule is
  const Reject* reject = nullptr;  // of Reject
  const Nat* nat = nullptr;        // of Translate
  std::string_view limit{};        // of TooLong: "more than 64 chains deep"
};

struct Surroundings {
  const Program* program;
  RuleMemory* memory;
  Choices* choices;
  Narrowings* narrowings;
  Notebook* notebook;                             // nothing: nobody asks
  std::optional<std::uint32_t>* connection_mark;  // nothing in it: the packet has no connection
  bool* untracked;                                // set by Notrack
  Time now;
};

class Walk {
 public:
  static constexpr std::uint32_t kJumpsMax = 64, kRulesMax = 4'000'000;

  Walk(Surroundings surroundings, Hook hook, SimulatedPacket& packet)
      : world_(surroundings), hook_(hook), packet_(&packet) {}

  // REQUIRES: `chain` is a base chain of the program.
  ChainEnd run(std::uint32_t chain);

 private:
  enum class Answer : std::uint8_t { Yes, No, Assumed };  // Assumed: no, because this world says so
  struct Frame {
    std::uint32_t chain, next_rule;
  };
  // Of one rule: goes on with the next, or ends, or jumps.
  struct RuleEnd {
    enum class Kind : std::uint8_t { Next, Jump, Goto, Return, End } kind = Kind::Next;
    std::uint32_t chain = kNoChain;
    ChainEnd end;
  };

  ChainEnd walk(std::uint32_t chain);
  // The first rule from that on whose plain matches say yes, or the chain's end. Counts those asked.
  [[nodiscard]] std::uint32_t next_matched(std::uint32_t rule, const FlatChain& chain);
  // The first of its plain matches that does not say yes, and what it says; Yes: none.
  struct FirstNo {
    const FlatMatch* match;
    Answer answer;
  };
  [[nodiscard]] FirstNo first_no(const FlatRule& rule);
  // What it does once its plain matches said yes.
  RuleEnd run_rule(const FlatRule& rule, const FlatChain& chain);
  RuleEnd run_part(const RulePart& part, const FlatChain& chain, const FlatRule& rule);
  RuleEnd follow(const Verdict& verdict, const FlatChain& chain, const FlatRule& rule);
  ChainEnd policy_of(const FlatChain& base);

  [[nodiscard]] Answer ask(const FlatMatch& flat) {
    const PacketValues& values = packet_->values;
    if (!values.is_known(flat.field)) return ask_without_value(*flat.match);
    return flat.holds_for(values.value(flat.field)) ? Answer::Yes : Answer::No;
  }
  [[nodiscard]] Answer ask_without_value(const Match& match);
  // What a rule reads where it asks for that field.
  struct Reading {
    Knowledge knowledge;
    FieldValue value;
  };
  [[nodiscard]] Reading read(Field field) const;
  [[nodiscard]] Answer ask(const RulePart& part, const FlatChain& chain);
  [[nodiscard]] Answer look_up(const Lookup& lookup, const FlatChain& chain, const RulePart& part);
  [[nodiscard]] Answer look_up(const RuleSet& set, const std::vector<Operand>& key, const RulePart& part, bool negated);
  [[nodiscard]] Answer keep_limit(const Limit& limit, const std::vector<Operand>& key, const void* bucket,
                                  const FlatChain& chain, const RulePart& part);
  [[nodiscard]] Answer ask_recent(const Recent& recent, const RulePart& part);
  [[nodiscard]] Answer update(const SetUpdate& update, const FlatChain& chain, const RulePart& part);
  [[nodiscard]] Answer assume(const RulePart& part);
  [[nodiscard]] const Verdict* find(const VerdictMap& map, const FlatChain& chain, bool& known) const;
  // The packet's values of a key; nothing: one of them is unknown, or (then `absent`) the packet has none.
  [[nodiscard]] std::optional<SetKey> key_of(const std::vector<Operand>& key, bool& absent) const;
  void assign(const Assign& assign);
  void copy_mark(const CopyMark& copy);
  void note(const FlatChain& chain, const FlatRule& rule, TraceStep::Result result, const RulePart* part = nullptr,
            bool assumed = false);

  Surroundings world_;
  Hook hook_;
  SimulatedPacket* packet_;
  std::uint32_t rules_run_ = 0, counter_ = 0;
};

}  // namespace mailweir::rules
