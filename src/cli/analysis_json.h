// A whole recording as `analyze --json` answers it (docs/json.md, `analyze`).
#pragma once

#include <string>

#include "replay/replay.h"

namespace mailweir {

[[nodiscard]] std::string analysis_json(const ReplayResult& result);

}  // namespace mailweir
