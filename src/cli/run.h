// `mailweir run`: observe, detect, decide, block, in the foreground.
#pragma once

#include "cli/common.h"

namespace mailweir {

struct RunOptions {
  bool watch_only = false;
};

int run(const RunOptions& options, const CommonOptions& common);

}  // namespace mailweir
