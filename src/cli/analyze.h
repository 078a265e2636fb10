// mailweir analyze: who sends spam in this recording? The same detection as live, over kernel logs, journals and
// captures.
#pragma once

#include <string>
#include <vector>

#include "cli/common.h"

namespace mailweir {

struct AnalyzeOptions {
  std::vector<std::string> files;  // "-": standard input
  std::string since, until;
  std::vector<std::string> clients, mail_servers;  // networks
  unsigned threads = 0;
  bool everyone = false;
};

// 0 no spammer, 1 spammers found, otherwise the exit status of the error.
int analyze(const AnalyzeOptions& options, const CommonOptions& common);

}  // namespace mailweir
