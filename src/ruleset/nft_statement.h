// What rules of nft do, out of its JSON: each function takes what stands under the statement's name.
//
// Nothing: it says something that the model has no place for; the caller keeps it word for word.
// Source: libnftables-json(5), and what nft 1.0.6 prints.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>

#include "ruleset/field.h"
#include "ruleset/match.h"
#include "ruleset/statement.h"

namespace mailweir::rules {

[[nodiscard]] Counter nft_counter(const nlohmann::json& counter);
[[nodiscard]] std::optional<Limit> nft_limit(const nlohmann::json& limit);
[[nodiscard]] std::optional<Log> nft_log(const nlohmann::json& log);
// The whole statement: { "jump": { "target": "c" } }, { "drop": null }.
[[nodiscard]] std::optional<Verdict> nft_verdict(const nlohmann::json& statement);
[[nodiscard]] std::optional<Verdict> nft_queue(const nlohmann::json& queue);
[[nodiscard]] std::optional<Reject> nft_reject(const nlohmann::json& reject, RuleFamily family);
// `kind`: "snat", "dnat", "masquerade", "redirect".
[[nodiscard]] Nat::Kind nft_nat_kind(const std::string& kind);
// Nothing also where the place is computed from the packet.
[[nodiscard]] std::optional<Nat> nft_nat(const std::string& kind, const nlohmann::json& nat);
[[nodiscard]] std::optional<TcpMss> nft_tcp_mss(const nlohmann::json& option, const nlohmann::json& value);
// new = (old & ~mask) ^ value, of "5", "mark | 5", "mark & 0xff ^ 5" in any nesting.
[[nodiscard]] std::optional<Assign> nft_assignment(Field field, const nlohmann::json& value);

}  // namespace mailweir::rules
