// `mailweir verify`: does every rule do what it is for?
#pragma once

#include <string>

#include "cli/common.h"

namespace mailweir {

struct VerifyOptions {
  bool forward_probe = false;
  bool limit_probe = false;
  std::string target;  // HOST:PORT, empty: none
};

// 0: everything that can be proven is; 1: something is inert, or waits for a flag or a privilege; 4: not permitted.
int verify(const VerifyOptions& options, const CommonOptions& common);

}  // namespace mailweir
