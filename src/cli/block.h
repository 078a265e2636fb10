// `mailweir block`: by hand, with a reason, an end and a name; with or without a running `run`.
#pragma once

#include <string>
#include <vector>

#include "cli/common.h"

namespace mailweir {

struct BlockOptions {
  std::vector<std::string> clients;  // "-": standard input
  std::string length = "24h";
  std::string reason;
  std::string ports;  // transfer | submission | all; empty: all
  bool force = false;
  bool dry_run = false;
};

// 0 done, otherwise the exit status of the error; then nothing was done.
int block(const BlockOptions& options, const CommonOptions& common);

}  // namespace mailweir
