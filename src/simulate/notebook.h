// What a simulation writes down when somebody wants to know why: one line per rule that was asked.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "ruleset/model.h"
#include "simulate/packet_values.h"

namespace mailweir::rules {

struct TraceStep {
  enum class Result : std::uint8_t {
    NoMatch,  // `part` said no
    Matched,  // and the rules go on
    Accept,   // this base chain is done with the packet
    Drop,     // done for good; so is Reject
    Reject,
    Jump,  // goes on in a user chain; Goto too
    Return,
    Queue,
    Translate,
    Policy,   // fell off the end of the base chain; `verdict` says what that means
    Unknown,  // ended by something nobody here understands
  };
  Hook hook = Hook::Input;
  const Table* table = nullptr;
  const Chain* chain = nullptr;
  const Rule* rule = nullptr;  // nothing: Policy
  std::uint32_t number = 0;    // of the rule in its chain, from 1
  Result result = Result::NoMatch;
  Verdict::Kind verdict = Verdict::Kind::Accept;  // of Policy
  const RulePart* part = nullptr;                 // of NoMatch: the first that said no
  // Of NoMatch by a plain Match: what the packet had. Absent: nothing.
  Knowledge knowledge = Knowledge::Unknown;
  FieldValue value = 0;
  bool assumed = false;  // the answer was not known; this world takes it to be so
};
[[nodiscard]] std::string_view name_of(TraceStep::Result result);  // "no match", "accept", …

// "destination port is 25, not 80, 443"; "the state is invalid, not established, related". Empty unless NoMatch.
[[nodiscard]] std::string why_not(const TraceStep& step);

struct Notebook {
  // More than any ruleset has rules (RulesetLimits), so only chains that lead into each other over and over come here.
  static constexpr std::size_t kStepsMax = 600'000;
  std::vector<TraceStep> steps;
  std::uint64_t left_out = 0;  // steps past that

  void add(const TraceStep& step) {
    if (steps.size() < kStepsMax)
      steps.push_back(step);
    else
      ++left_out;
  }
};

}  // namespace mailweir::rules
