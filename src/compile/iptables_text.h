// Rules as a file for iptables-restore or ip6tables-restore, for people who stay with these programs.
//
// The same verdicts as the nft table (tests/netns/same_verdicts_test.cc), except what only `run` can do: blocks it
// decides on; with sets there is a place for blocks by hand. Watched mail is shown on NFLOG, not stopped.
#pragma once

#include <string>

#include "compile/compile.h"
#include "compile/ip_sets.h"
#include "compile/rule.h"

namespace mailweir {

// `sets`: address lists are looked up there; null: one rule for each prefix.
[[nodiscard]] std::string iptables_text(const Rules& rules, const CompileSettings& settings, bool v4,
                                        const IpSets* sets);

}  // namespace mailweir
