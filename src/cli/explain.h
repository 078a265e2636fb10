// `mailweir explain LINE`: why a line is in the firewall's log, and what makes it go away without breaking anything.
#pragma once

#include <string>
#include <vector>

#include "cli/common.h"

namespace mailweir {

struct ExplainOptions {
  std::vector<std::string> lines;  // each an argument; none, or "-": standard input
  std::string ruleset;  // a file in any notation; empty: rules among the lines, else those of this network namespace
  bool everything = false;
};

// 0: of every line the rule was found; 1: of one at least it was not; else the error's.
int explain(const ExplainOptions& options, const CommonOptions& common);

}  // namespace mailweir
