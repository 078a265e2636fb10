#include "compile/rule.h"

#include <algorithm>

namespace mailweir {

RuleHook hook_of(Chain chain) {
  switch (chain) {
    case Chain::Output:
    case Chain::Host:
    case Chain::HostOver:
      return RuleHook::Output;
    case Chain::Input:
      return RuleHook::Input;
    default:
      return RuleHook::Forward;
  }
}

bool Addresses::has(bool v4) const {
  return std::any_of(prefixes.begin(), prefixes.end(),
                     [&](const IpPrefix& prefix) { return prefix.base().is_v4() == v4; });
}

bool Rule::matches(bool v4) const {
  if ((from && !from->has(v4)) || (to && !to->has(v4))) return false;
  if (!icmp4.empty() || !icmp6.empty()) return v4 ? !icmp4.empty() : !icmp6.empty();
  return !v4 || !(one_hop || link_local);
}

std::uint32_t Rule::new_servers_burst() const { return std::max(new_servers_over.value_or(0) / 2, 1U); }

bool Rules::uses(Chain chain) const {
  return std::any_of(list.begin(), list.end(), [&](const Rule& rule) {
    return rule.chain == chain || (rule.action == Rule::Action::Jump && rule.target == chain);
  });
}

}  // namespace mailweir
