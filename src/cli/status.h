// `mailweir status`: one screen, verdict first.
#pragma once

#include "cli/common.h"

namespace mailweir {

// 0: what should be in force is; 1: it is not, or something waits; 4: not permitted to look.
int status(const CommonOptions& common);

}  // namespace mailweir
