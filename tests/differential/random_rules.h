// Rulesets nobody would write, over the few addresses, ports and names that the test's packets have, so that rules meet
// packets. Same dice, same text.
#pragma once

#include <string>

#include "lab/dice.h"

namespace mailweir::rules::differential {

struct RuleTaste {
  bool v4 = true;      // iptables: the family
  bool nat = false;    // also a nat table, and mangle with marks
  bool states = true;  // conntrack matches
  unsigned rules_max = 20;
};

// For iptables-restore or ip6tables-restore.
[[nodiscard]] std::string random_iptables(lab::Dice& dice, const RuleTaste& taste);
// For nft: one inet table with sets, maps and verdict maps; every rule counts.
[[nodiscard]] std::string random_nft(lab::Dice& dice, const RuleTaste& taste);

}  // namespace mailweir::rules::differential
