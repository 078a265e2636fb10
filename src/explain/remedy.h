// Changes that make a line go away, tried on the simulator before anybody is told of them.
//
// In:  a case and its causes.   Out: remedies, verified ones first. A remedy is verified when, with its edits, none of
// the packets that bring the line about is logged any more and every everyday flow (everyday_traffic.h) ends as before,
// but for those it means to change. One that fails is shown too where people would try it, with the packet that shows
// why.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "explain/causes.h"
#include "ruleset/edit.h"

namespace mailweir::rules {

struct Remedy {
  std::string text;                   // what it does, one sentence
  std::vector<std::string> commands;  // "iptables -I INPUT 3 …"; empty: nothing in the rules
  std::vector<RuleEdit> edits;
  bool tried = false;                       // on the simulator
  bool gone = false;                        // the line is
  bool verified = false;                    // gone, and nothing else changed
  std::size_t packets = 0;                  // that brought the line about, tried with it
  std::string witness;                      // not gone: the packet that still brings it about, and why
  std::vector<std::string> keeps, changes;  // groups of everyday traffic; `changes` also holds what it means to change
  bool optional = false;                    // right only if the person wants what it allows
};

// `rules_left`: how many more rules may be copied and walked; tries cost it, and stop when it is used up (tried:
// false).
[[nodiscard]] std::vector<Remedy> find_remedies(const LineCase& line_case, const std::vector<LineCause>& causes,
                                                std::uint64_t& rules_left);

}  // namespace mailweir::rules
