// Why is this line in my log? The whole answer to what a person pasted.
//
// In:  pasted text, the rules it may have come from, what is known of the machine.   Out: per group of lines the rule
// that logged it, under which state, why no earlier rule took the packet, causes and remedies. Invariants: same input,
// same answer; no clock. Bounded: kExplainLimits, and what they left out is said in notes. Texts hold words of the log
// and the rules as they were written: escape() before showing.
#pragma once

#include <string>
#include <vector>

#include "explain/remedy.h"

namespace mailweir::rules {

struct ExplainLimits {
  std::size_t groups_max = 50;     // explained; the rest is counted
  std::size_t before_max = 1'000;  // rules that did not take the packet, the nearest to the one that logged
  std::uint64_t rules_tried_max = 200'000'000;  // rules walked or copied to try remedies, over all groups: some seconds
};
inline constexpr ExplainLimits kExplainLimits;

struct PassedOver {
  RulePlace place;
  Hook hook = Hook::Input;
  std::string text;  // "destination port is 3594, not 22"
};

struct Explanation {
  LineCase line_case;
  RulePlace ended_by;  // what stopped the packet behind the rule that logged it; nothing in it: nobody did
  std::vector<PassedOver> passed_over;
  std::size_t passed_over_left_out = 0;
  std::vector<LineCause> causes;
  std::vector<Remedy> remedies;
  std::vector<std::string> notes;
};

struct LinesExplained {
  std::vector<Explanation> groups;
  std::vector<std::string> notes;  // about the paste as a whole
};

// `program`: of the rules; nothing: the lines alone are judged. `machine`: of live rules; nothing: what the line tells.
// REQUIRES: `pasted` and `program` outlive the answer.
[[nodiscard]] LinesExplained explain_lines(const PastedText& pasted, const Program* program,
                                           const SimulatedMachine* machine);

}  // namespace mailweir::rules
