// One rule of nft's JSON, and what rules and sets have in common.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <optional>

#include "ruleset/model.h"

namespace mailweir::rules {

// `table`: its family decides what expressions presuppose; needs_save is set where iptables' matches lack their
// options.
[[nodiscard]] Rule read_nft_rule(const nlohmann::json& rule, Table& table);
[[nodiscard]] std::optional<Verdict> nft_verdict(const nlohmann::json& statement);
[[nodiscard]] std::optional<Limit> nft_limit(const nlohmann::json& limit);

}  // namespace mailweir::rules
