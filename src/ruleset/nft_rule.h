// One rule of nft's JSON.
#pragma once

#include <nlohmann/json_fwd.hpp>

#include "ruleset/model.h"

namespace mailweir::rules {

// `table`: its family decides what expressions presuppose; needs_save is set where iptables' matches lack their
// options.
[[nodiscard]] Rule read_nft_rule(const nlohmann::json& rule, Table& table);

}  // namespace mailweir::rules
