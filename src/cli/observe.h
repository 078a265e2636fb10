// `mailweir observe`: log attempts for a while; the kernel ends it.
#pragma once

#include <string>
#include <vector>

#include "cli/common.h"

namespace mailweir {

struct ObserveOptions {
  std::vector<std::string> what;   // services and ports; with `stop`, numbers of observations
  std::string length;              // a duration; empty: nothing is begun
  std::vector<std::string> from;   // prefixes
  std::vector<std::string> hooks;  // "output", "forward", "input"
  std::string log;                 // "nflog", "kernel"; empty: as the policy says
  bool stop = false;
  bool dry_run = false;
};

// 0, otherwise the exit status of the error; 1 when there was nothing to stop.
int observe(const ObserveOptions& options, const CommonOptions& common);

}  // namespace mailweir
