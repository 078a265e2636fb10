// What `mailweir block` will do, and whom it refuses to block: the rules by themselves.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/ip.h"
#include "base/mail_ports.h"
#include "base/result.h"
#include "policy/policy.h"
#include "record/compiled_table.h"
#include "sys/operator.h"

namespace mailweir {

// Why a client must not be blocked without --force; nothing: it may.
[[nodiscard]] std::optional<std::string> objection(const IpPrefix& client, const Policy* policy,
                                                   std::span<const SshSession> of_operator);
// True when the rules let the client pass whatever is in the sets.
[[nodiscard]] bool rules_exempt(const IpPrefix& client, const Policy* policy);

// The table for blocks by hand where there is none: looks at all sending ports, shows nothing to anybody.
[[nodiscard]] Result<CompiledTable> table_for_hand(const Policy* policy);

// transfer, submission, or (all, nothing) both: rules that hold blocks ask about all sending ports.
[[nodiscard]] std::vector<MailRole> roles_to_cut(const std::string& asked);

}  // namespace mailweir
