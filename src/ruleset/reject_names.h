// How a reject is called, in iptables' words and in nft's. Sources: libipt_REJECT.c, libip6t_REJECT.c, `nft describe`.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "ruleset/statement.h"

namespace mailweir::rules {

[[nodiscard]] std::optional<Reject> reject_of_iptables(std::string_view word, bool v6);
[[nodiscard]] std::optional<std::string> iptables_word(const Reject& reject, bool v6);

// `type` of nft's JSON: "icmp", "icmpv6", "icmpx", "tcp reset"; the code a word or a number.
[[nodiscard]] std::optional<Reject> reject_of_nft(std::string_view type, std::string_view code);
[[nodiscard]] std::string nft_text(const Reject& reject);  // "reject with icmp port-unreachable"

}  // namespace mailweir::rules
