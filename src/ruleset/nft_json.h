// nft's JSON expressions as nft writes them in rules: for what the model keeps word for word.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>

namespace mailweir::rules {

// Nested deeper than this, an expression is nobody's rule.
inline constexpr int kNftDepthMax = 40;

// Nothing: a form we do not know.
[[nodiscard]] std::optional<std::string> nft_expression_text(const nlohmann::json& expression, int depth = 0);
[[nodiscard]] std::optional<std::string> nft_statement_text(const nlohmann::json& statement);

}  // namespace mailweir::rules
