// Rules of every notation as one model: what the simulator runs, lint proves things about and printers write.
//
// In:  read_ruleset.h.   Out: print_ruleset.h.
// Invariants
//   (1) Nothing that was read is lost: what is not understood is kept word for word and is answered "unknown".
//   (2) parse(print(ruleset)) == ruleset. Equality is about rules: where something was written, and how, is no part of
//   it. (3) iptables' fixed tables are base chains like any other: type, hook, priority. Who comes first at a hook
//   follows
//       from the priorities alone; chains of equal priority at one hook have no order that a text could tell.
//   (4) A packet's walk: at each hook every base chain in order of priority. Drop is final; accept ends one base chain
//       only; the nat type sees only the first packet of a connection.
// What consumers may rely on
//   simulator  walks Rule::parts in order; every part is asked of one packet and answers yes, no or unknown; the first
//              part that says no is "why not", with the packet's value and Match::values.
//   lint       a rule's Match parts are a box (whole_values() per field, within domain_of()); every other part is a
//   free
//              Boolean: the same one for equal parts that do not remember(), a new one otherwise. Sound for
//              containment: correlated fields (Family and addresses, status and state) only make proofs fewer.
//   tests      build Rules by hand, print them in either notation (print_ruleset.h), load, list, read, compare.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ruleset/statement.h"

namespace mailweir::rules {

// Where something was written. Lines and columns from 1, columns in characters; line 0: not known. All are equal, so
// that equality of rules does not ask for it.
struct Origin {
  std::uint32_t file = 0;  // index of Ruleset::files
  std::uint32_t line = 0, column = 0;
  std::string text;  // the rule as written, whole
  friend bool operator==(const Origin&, const Origin&) { return true; }
};

struct Rule {
  std::vector<RulePart> parts;
  std::string comment;
  std::uint64_t handle = 0;  // of the kernel; 0: not known
  Origin origin;

  // A rule without one goes on when it matched.
  [[nodiscard]] const RulePart* target() const;
  friend bool operator==(const Rule& a, const Rule& b) { return a.parts == b.parts && a.comment == b.comment; }
};

enum class Hook : std::uint8_t { Ingress, Prerouting, Input, Forward, Output, Postrouting, Egress };
inline constexpr int kHookCount = 7;
[[nodiscard]] std::string_view name_of(Hook hook);  // "prerouting", …

enum class ChainType : std::uint8_t { Filter, Nat, Route };  // Route: rerouted when a mark changed (mangle OUTPUT)
[[nodiscard]] std::string_view name_of(ChainType type);

struct ChainHook {
  ChainType type = ChainType::Filter;
  Hook hook = Hook::Input;
  int priority = 0;                              // lower first; docs: netfilter_ipv4.h, enum nf_ip_hook_priorities
  std::vector<std::string> devices;              // of Ingress and Egress
  Verdict::Kind policy = Verdict::Kind::Accept;  // Accept or Drop
  friend bool operator==(const ChainHook&, const ChainHook&) = default;
};

struct Chain {
  std::string name;
  std::optional<ChainHook> hook;                // nothing: only jumped to
  std::optional<std::uint64_t> packets, bytes;  // iptables: that fell off its end; nothing: not told
  std::string comment;
  std::vector<Rule> rules;
  Origin origin;
  // False: rules were added to it, and nobody declared it (fragments). Built-in chains are always declared. A chain
  // that is only jumped to is not there.
  bool declared = true;
  friend bool operator==(const Chain&, const Chain&) = default;
};

// A set, or a map to verdicts or values.
struct RuleSet {
  std::string name;
  // By type: any address is a SourceAddress, any port a DestinationPort, any interface an InputInterface; which field
  // is compared is said by the rule. Empty: a type not known here; then Element::text is the whole element.
  std::vector<Operand> key;
  std::string type;      // as nft says it: "ipv4_addr . inet_service"
  std::string map_type;  // of maps: "verdict", "mark", …
  struct Element {
    std::vector<IntervalSet> key;
    std::optional<Verdict> verdict;  // of verdict maps
    std::string data;                // of other maps, word for word
    std::string text;                // what else is said of it, word for word: timeouts, counters, a comment
    friend bool operator==(const Element&, const Element&) = default;
  };
  std::vector<Element> elements;
  // Rules add to it or elements end: what the source says holds for the moment it was read.
  bool changes = false;
  std::vector<std::string> properties;  // word for word: "flags interval", "timeout 1h", "size 65535"
  Origin origin;
  friend bool operator==(const RuleSet&, const RuleSet&) = default;
};

// A quota, counter, limit, helper, flowtable, … of a table, word for word.
struct RuleObject {
  std::string kind, name, text;
  std::optional<Limit> limit;  // of a limit
  friend bool operator==(const RuleObject&, const RuleObject&) = default;
};

enum class Backend : std::uint8_t {
  Iptables,  // xtables' tables: one of filter, nat, mangle, raw, security
  Nft,
};

struct Table {
  RuleFamily family = RuleFamily::Ip4;
  std::string name;
  Backend backend = Backend::Nft;
  std::vector<Chain> chains;
  std::vector<RuleSet> sets;
  std::vector<RuleObject> objects;
  std::vector<std::string> properties;  // word for word: "flags dormant", "comment …"
  // nft: the table belongs to iptables-nft and its rules have matches without options: iptables-save is needed.
  bool needs_save = false;
  Origin origin;

  [[nodiscard]] const Chain* find_chain(std::string_view chain) const;
  [[nodiscard]] Chain* find_chain(std::string_view chain);
  [[nodiscard]] const RuleSet* find_set(std::string_view set) const;
  friend bool operator==(const Table&, const Table&) = default;
};

struct Ruleset {
  std::vector<Table> tables;
  std::vector<RuleSet> ipsets;     // contents the user gave
  std::vector<std::string> files;  // names, for Origin::file
  // The source is whole: chains it does not mention are empty and accept. Fragments are not whole.
  bool whole = true;

  [[nodiscard]] const Table* find_table(RuleFamily family, std::string_view name) const;
  friend bool operator==(const Ruleset& a, const Ruleset& b) { return a.tables == b.tables && a.ipsets == b.ipsets; }
};

// For comparison: without what is never the same twice (counters, handles, elements of sets that change), and with
// tables, chains, sets and objects by name, for programs list them in orders of their own.
[[nodiscard]] Ruleset canonical_form(Ruleset ruleset);

// A chain that packets of `family` (Ip4 or Ip6) pass at `hook`, and where to find it.
struct HookedChain {
  const Table* table = nullptr;
  const Chain* chain = nullptr;
};
// In the order of the kernel; equal priorities in the order of the ruleset.
[[nodiscard]] std::vector<HookedChain> chains_at(const Ruleset& ruleset, RuleFamily family, Hook hook);

// The hook of a built-in chain of iptables; nothing: the table has no such chain.
[[nodiscard]] std::optional<ChainHook> iptables_hook(std::string_view table, std::string_view chain);
[[nodiscard]] bool is_iptables_table(std::string_view table);

}  // namespace mailweir::rules
