// nft's JSON expressions as fields and values of the model.
#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string_view>
#include <vector>

#include "ruleset/match.h"

namespace mailweir::rules {

// An expression that is a field, and what nft checks by itself before it looks there.
struct NftOperand {
  Operand operand;
  std::optional<FieldValue> family, protocol;
};
// Nothing: no field of ours.
[[nodiscard]] std::optional<NftOperand> nft_operand(const nlohmann::json& expression, int depth = 0);
// Of a type in a set's declaration: "ipv4_addr", "inet_service", …
[[nodiscard]] std::optional<Operand> nft_type_operand(std::string_view type);

// What is compared with it: a number, word, prefix, range or set of them. Nothing: something else. `icmp6`: whose words
// for ICMP types and codes they are.
[[nodiscard]] std::optional<IntervalSet> nft_values(const Operand& operand, const nlohmann::json& value, bool icmp6,
                                                    int depth = 0);
// The same of flags: words ORed together.
[[nodiscard]] std::optional<FieldValue> nft_bits(Field field, const nlohmann::json& value, int depth = 0);
// A tuple, or a value where the key is one.
[[nodiscard]] std::optional<std::vector<IntervalSet>> nft_element(const std::vector<Operand>& key,
                                                                  const nlohmann::json& value, bool icmp6);

}  // namespace mailweir::rules
