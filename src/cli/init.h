// `mailweir init`: looks at the machine and writes a first policy for it.
#pragma once

#include "cli/common.h"

namespace mailweir {

struct InitOptions {
  bool print = false;  // write nothing
  bool force = false;  // replace a policy that is there
};

int init(const InitOptions& options, const CommonOptions& common);

}  // namespace mailweir
