// Cases as `blocks`, `why`, `history`, `block` and `unblock` answer them with --json (docs/json.md).
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <span>

#include "report/case_view.h"

namespace mailweir {

[[nodiscard]] nlohmann::ordered_json cases_json(std::span<const CaseView> cases);

}  // namespace mailweir
