// `mailweir unblock`: lifts blocks, whoever set them; a running `run` notices.
#pragma once

#include <string>
#include <vector>

#include "cli/common.h"

namespace mailweir {

struct UnblockOptions {
  std::vector<std::string> clients;
  bool all = false;
  bool dry_run = false;
};

// 0 lifted, 1 one of them was not blocked, otherwise the exit status of the error.
int unblock(const UnblockOptions& options, const CommonOptions& common);

}  // namespace mailweir
