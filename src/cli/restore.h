// `mailweir restore --boot`: what a boot brings back: the last confirmed table, and the blocks that have not ended.
#pragma once

#include "cli/common.h"

namespace mailweir {

struct RestoreOptions {
  bool boot = false;
};
int restore(const RestoreOptions& options, const CommonOptions& common);

}  // namespace mailweir
