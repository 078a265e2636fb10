// `mailweir blocks`, `mailweir why` and `mailweir history`: who is blocked, why, and what was before.
#pragma once

#include <string>

#include "cli/common.h"

namespace mailweir {

struct WhyOptions {
  std::string client;
};

struct HistoryOptions {
  std::string client;  // empty: everybody
  std::string since;
};

// 0, otherwise the exit status of the error.
int blocks(const CommonOptions& common);
// 0 blocked now, 1 not, otherwise the exit status of the error.
int why(const WhyOptions& options, const CommonOptions& common);
int history(const HistoryOptions& options, const CommonOptions& common);

}  // namespace mailweir
