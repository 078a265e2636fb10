// Whether the operator keeps a way in (proof/lockout.h), as plan and apply show it.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

#include "cli/common.h"
#include "proof/lockout.h"

namespace mailweir {

// `lockout`, `access` and `remarks` of docs/json.md.
void add_access(nlohmann::ordered_json& answer, const AccessReport& access);
// To standard error, one line each, unless --quiet.
void remark_on_access(const AccessReport& access, const CommonOptions& common);
// "open it in [inbound], or say --force".
[[nodiscard]] std::string way_out_of(const Lockout& lockout);

}  // namespace mailweir
