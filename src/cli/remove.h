// `mailweir remove`: takes our table out of the kernel, blocks and all.
#pragma once

#include "cli/common.h"

namespace mailweir {

struct RemoveOptions {
  bool dry_run = false;
};

int remove(const RemoveOptions& options, const CommonOptions& common);

}  // namespace mailweir
