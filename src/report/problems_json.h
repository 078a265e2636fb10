// Remarks about a text, as `check --json` lists them (docs/json.md, `check`).
#pragma once

#include <nlohmann/json_fwd.hpp>

#include "base/diagnostic.h"

namespace mailweir {

// problems[]: errors first, then warnings, each in the order of the text.
[[nodiscard]] nlohmann::ordered_json problems_json(const Diagnostics& diagnostics);

}  // namespace mailweir
