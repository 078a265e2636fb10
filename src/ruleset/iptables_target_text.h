// What a rule does to its packets, as iptables says it: "-j REJECT --reject-with tcp-reset".
//
// Of each kind of statement. Nothing: iptables has no word for it. Empty: it has, and it is not to say anything.
#pragma once

#include <optional>
#include <string>

#include "ruleset/statement.h"

namespace mailweir::rules {

[[nodiscard]] std::optional<std::string> iptables_target_text(const Log&, bool v6);
[[nodiscard]] std::optional<std::string> iptables_target_text(const Assign&, bool v6);
[[nodiscard]] std::optional<std::string> iptables_target_text(const CopyMark&, bool v6);
[[nodiscard]] std::optional<std::string> iptables_target_text(const Notrack&, bool v6);
[[nodiscard]] std::optional<std::string> iptables_target_text(const TcpMss&, bool v6);
[[nodiscard]] std::optional<std::string> iptables_target_text(const SetUpdate&, bool v6);
[[nodiscard]] std::optional<std::string> iptables_target_text(const OpaqueStatement&, bool v6);
[[nodiscard]] std::optional<std::string> iptables_target_text(const Nat&, bool v6);
[[nodiscard]] std::optional<std::string> iptables_target_text(const Reject&, bool v6);
[[nodiscard]] std::optional<std::string> iptables_target_text(const Verdict&, bool v6);
[[nodiscard]] std::optional<std::string> iptables_target_text(const VerdictMap&, bool v6);

}  // namespace mailweir::rules
