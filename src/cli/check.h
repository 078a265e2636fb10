// mailweir check: is the policy valid? Every mistake in one run, with line, column and hint.
#pragma once

#include <string>

#include "cli/common.h"

namespace mailweir {

struct CheckOptions {
  std::string file;  // empty: common.config
};

// 0 valid (warnings allowed), 1 not valid, otherwise the exit status of the error that kept the file from being read.
int check(const CheckOptions& options, const CommonOptions& common);

}  // namespace mailweir
