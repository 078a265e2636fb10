// The doors out: the model as text that the programs load.
#pragma once

#include <string>

#include "base/result.h"
#include "ruleset/model.h"

namespace mailweir::rules {

struct PrintOptions {
  bool counters = true;  // where they are known
};

// As iptables-save writes it, for the tables of one family (Ip4 or Ip6). Unsupported: a part that iptables cannot say,
// named with its rule.
[[nodiscard]] Result<std::string> print_iptables(const Ruleset& ruleset, RuleFamily family,
                                                 const PrintOptions& options = {});
// For `nft -f`: tables of Backend::Nft; iptables' tables become nft tables with the same hooks and priorities where
// everything in them can be said.
[[nodiscard]] Result<std::string> print_nft(const Ruleset& ruleset, const PrintOptions& options = {});

// One rule on a line, without its chain and counters, for people: in the table's notation.
[[nodiscard]] std::string rule_text(const Table& table, const Rule& rule);

}  // namespace mailweir::rules
