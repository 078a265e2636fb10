// A whole recording as `analyze --json` answers it (docs/json.md, `analyze`).
#pragma once

#include <functional>
#include <string_view>

#include "replay/replay.h"

namespace mailweir {

// `print` gets the text in pieces: a tree of 10,000 clients would take more memory than the analysis itself.
void print_analysis_json(const ReplayResult& result, const std::function<void(std::string_view)>& print);

}  // namespace mailweir
