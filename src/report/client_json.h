// A ClientReport as `analyze --json` lists it (docs/json.md, clients[]).
#pragma once

#include <nlohmann/json_fwd.hpp>

#include "record/client_report.h"

namespace mailweir {

// evidence[]: in thousandths of a nat.
[[nodiscard]] nlohmann::ordered_json evidence_json(const std::vector<Evidence>& evidence);
[[nodiscard]] nlohmann::ordered_json client_json(const ClientReport& report);

}  // namespace mailweir
