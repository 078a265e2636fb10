// `mailweir verify`: does every rule do what it is for?
#pragma once

#include "cli/common.h"

namespace mailweir {

// 0: no rule is without effect; 1: one is; 4: not permitted, or the table is not there.
int verify(const CommonOptions& common);

}  // namespace mailweir
