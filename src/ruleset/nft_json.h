// nft's JSON: what stands under a key, and its expressions as nft writes them in rules, for what the model keeps word
// for word.
#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>

namespace mailweir::rules {

// Nested deeper than this, an expression is nobody's rule.
inline constexpr int kNftDepthMax = 40;

// Of an object: empty, and nothing, where there is no such key or it holds something else.
[[nodiscard]] std::string word(const nlohmann::json& object, const char* key);
[[nodiscard]] std::optional<std::uint64_t> number(const nlohmann::json& object, const char* key);

// Nothing: a form we do not know.
[[nodiscard]] std::optional<std::string> nft_expression_text(const nlohmann::json& expression, int depth = 0);
[[nodiscard]] std::optional<std::string> nft_statement_text(const nlohmann::json& statement);

}  // namespace mailweir::rules
