#include "compile/build_rules.h"

namespace mailweir {

Result<Rules> build_rules(const Policy& policy, const Accounts& accounts) {
  Rules rules;
  rules.to_kernel_log = policy.log.to.value == LogTo::Kernel;
  if (policy.host) {
    if (auto added = add_host_rules(policy, accounts, rules); !added) return fail(std::move(added).error());
  }
  if (policy.gateway) add_gateway_rules(policy, rules);
  if (policy.inbound) add_inbound_rules(policy, rules);
  return rules;
}

}  // namespace mailweir
