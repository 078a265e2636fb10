// What a rule asks before it does something: the atoms of its conjunction.
//
// Each is asked of one packet and answers yes, no or unknown. Pure ones (Match; Lookup in a set that nobody changes)
// answer the same for the same packet; the others remember, so asking them twice is not asking the same thing.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "ruleset/field.h"

namespace mailweir::rules {

// A field, of which only the bits of `mask` count: `tcp flags & (fin | syn)`, `meta mark & 0xff`.
struct Operand {
  Field field = Field::Protocol;
  FieldValue mask = ~FieldValue{0};  // REQUIRES: within the width, or all ones for "as it is"

  [[nodiscard]] bool is_whole() const {
    return (mask & largest_value(width_of(field))) == largest_value(width_of(field));
  }
  friend bool operator==(const Operand&, const Operand&) = default;
};

// Is (value & mask) in `values`? `negated`: is it not? One form for a port list, a prefix, an interface with a
// wildcard, a state set, TCP flags ("SYN of SYN,ACK": mask 18, values {2}; "any of SYN,ACK": mask 18, not in {0}).
// A mask over a narrow field (flags, states) is the same as a set of whole values: whole_values().
struct Match {
  Operand operand;
  IntervalSet values;
  bool negated = false;
  // The answer for a packet without that field, whatever `negated` says. True only where iptables says so:
  // `-m owner ! --uid-owner 0` takes packets of no socket.
  bool when_absent = false;
  // Was not written but follows from what was: `tcp dport 25` asks for Protocol 6 too. Counts like any other; only
  // printers leave it out. No part of equality.
  bool implied = false;

  friend bool operator==(const Match& a, const Match& b) {
    return a.operand == b.operand && a.values == b.values && a.negated == b.negated && a.when_absent == b.when_absent;
  }
};

// The whole values of the field for which `match` answers yes, without mask and negation. Nothing: too many to say so
// (a mask with holes over a wide field); then it is a free Boolean.
[[nodiscard]] std::optional<IntervalSet> whole_values(const Match& match);

// Is the tuple of values in a named set (nft sets, ipset), or in one of its own (concatenations)?
struct Lookup {
  std::vector<Operand> key;
  std::string set;  // of the same table, or an ipset: then Ruleset::ipsets; empty: `elements` hold it
  std::vector<std::vector<IntervalSet>> elements;  // one interval set per part of the key
  bool ipset = false;
  std::string ipset_options;  // `--return-nomatch`, `--packets-gt 5`, …: with any, the answer is unknown
  bool negated = false;
  friend bool operator==(const Lookup&, const Lookup&) = default;
};

// A token bucket for all packets together that come here. Remembers.
struct Limit {
  std::uint64_t rate = 3;  // packets, or bytes, per `per_s`
  std::uint64_t per_s = 3600;
  std::uint64_t burst = 5;
  bool bytes = false;
  bool over = false;  // matches what exceeds it, instead of what keeps it
  std::string name;   // of a limit object in the same table; then the numbers are those of the object
  friend bool operator==(const Limit&, const Limit&) = default;
};

// A token bucket per key: iptables' hashlimit. Remembers.
struct KeyedLimit {
  Limit limit;
  std::vector<Operand> key;  // none: one bucket
  std::string name;
  std::vector<std::string> options;  // table sizes and times to live, as written: they change no answer
  friend bool operator==(const KeyedLimit&, const KeyedLimit&) = default;
};

// iptables' recent. Remembers.
struct Recent {
  enum class Action : std::uint8_t { Set, Check, Update, Remove };
  Action action = Action::Check;
  std::string name = "DEFAULT";
  Operand key{Field::SourceAddress};
  std::optional<std::uint32_t> seconds, hits;
  bool reap = false, same_ttl = false;
  bool negated = false;
  friend bool operator==(const Recent&, const Recent&) = default;
};

// How many connections there are now: iptables' connlimit, nft's `ct count`. Remembers.
struct ConnectionCount {
  std::uint32_t count = 0;
  bool over = false;         // more than `count`; else at most
  std::vector<Operand> key;  // connections with the same; none: all that came here
  friend bool operator==(const ConnectionCount&, const ConnectionCount&) = default;
};

// A match nobody here understands, word for word. Always answered "unknown", with `module` as what must be known.
struct OpaqueMatch {
  std::string module;  // "string", "u32", "bpf"; of nft the expression's kind
  std::string text;    // as the notation writes it, `module` included: "-m string --algo bm --string \"x\""
  bool nft = false;    // the notation of `text`
  // False: `text` is not all there is (nft shows xt matches without their options), so two of the same text may differ.
  bool complete = true;
  // The same text gives the same answer for the same packet: one free Boolean in a proof.
  bool pure = true;
  friend bool operator==(const OpaqueMatch&, const OpaqueMatch&) = default;
};

}  // namespace mailweir::rules
