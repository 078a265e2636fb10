// What other programs' rules could do to a packet on its way to ours: tables of nft that are not ours, and tables of
// the legacy iptables, which nft does not show.
//
// In:  `nft --json list ruleset`, `iptables-legacy-save -c`.   Out: the chains on hooks that can stop or redirect
// something, with the counters of the rules that do; flowtables.
// Invariants: reads, never changes. Text of others is kept as it is: escape it before it is shown.
// Does not know: verdicts that stand in named maps, what rules of xtables modules match.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace mailweir {

struct OtherRule {
  std::string chain;                     // where it stands; may be one its base chain jumps to
  std::string what;                      // "rule 7 (drop)"
  std::optional<std::uint64_t> packets;  // nothing: it does not count
  bool redirects = false;                // gives packets another port or address, instead of stopping them
};

struct OtherChain {
  std::string program = "nft";  // or "iptables-legacy", "ip6tables-legacy"
  std::string family, table, chain, hook;
  int priority = 0;
  bool policy_drops = false;
  std::optional<std::uint64_t> policy_packets;
  std::vector<OtherRule> rules;  // those that can stop or redirect, of this chain and of those it jumps to

  [[nodiscard]] bool concerns(bool v4) const { return family != (v4 ? "ip6" : "ip") && family != "arp"; }
};

struct Flowtable {
  std::string family, table, name;
  std::vector<std::string> devices;
};

struct OtherRules {
  std::vector<OtherChain> chains;
  std::vector<Flowtable> flowtables;
  std::vector<std::string> unread;  // what is there and could not be read, as sentences
};

// Nothing: that is not what nft prints. Our own table is left out.
[[nodiscard]] std::optional<OtherRules> read_nft_json(std::string_view text);
// One family's tables. Lines that are something else are passed over.
[[nodiscard]] std::vector<OtherChain> read_iptables_save(std::string_view text, bool v4);

// Of this network namespace.
[[nodiscard]] OtherRules read_other_rules();

}  // namespace mailweir
