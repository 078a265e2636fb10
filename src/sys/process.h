// Runs another program to its end: text in, text out. For rare calls (loading a ruleset), never in the event path.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace mailweir {

struct ProcessOutput {
  int status = 0;  // exit status; 128 + n when signal n ended it
  std::string out, err;
};

// `arguments[0]` is searched in PATH, then in the sbin folders that PATHs of ordinary users leave out. Unsupported when
// there is no such program. Output past 64 MiB ends the program (Limit).
[[nodiscard]] Result<ProcessOutput> run_process(const std::vector<std::string>& arguments, std::string_view input = {});

}  // namespace mailweir
