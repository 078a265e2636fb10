// A policy for people who stay with other tools.
#pragma once

#include <string>

#include "base/result.h"
#include "compile/accounts.h"
#include "compile/compile.h"
#include "policy/policy.h"

namespace mailweir {

// IptablesSets and Ip6tablesSets look addresses up in sets, which Ipset makes: that file is loaded first.
enum class RulesFormat : std::uint8_t { Nft, Iptables, Ip6tables, IptablesSets, Ip6tablesSets, Ipset };

struct ExportedRules {
  std::string text;
  // The format has no means for what `run` decides: watched mail is shown on NFLOG, not stopped.
  bool watches = false;
};

// BadInput: an account is unknown here.
[[nodiscard]] Result<ExportedRules> export_rules(const Policy& policy, const Accounts& accounts, RulesFormat format,
                                                 const CompileSettings& settings = {});

}  // namespace mailweir
