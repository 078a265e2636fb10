// The rules a policy asks for, section by section.
#pragma once

#include "base/result.h"
#include "compile/accounts.h"
#include "compile/rule.h"
#include "policy/policy.h"

namespace mailweir {

// BadInput: an account the policy names is unknown here.
[[nodiscard]] Result<Rules> build_rules(const Policy& policy, const Accounts& accounts);

// Of build_rules.cc: one section each, into `rules`.
[[nodiscard]] Result<void> add_host_rules(const Policy& policy, const Accounts& accounts, Rules& rules);
void add_gateway_rules(const Policy& policy, Rules& rules);
void add_inbound_rules(const Policy& policy, Rules& rules);

}  // namespace mailweir
