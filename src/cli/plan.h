// `mailweir plan`: what would change in the kernel.
#pragma once

#include "cli/common.h"

namespace mailweir {

struct PlanOptions {
  bool nft = false;
};

int plan(const PlanOptions& options, const CommonOptions& common);

}  // namespace mailweir
