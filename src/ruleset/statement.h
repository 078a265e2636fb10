// What a rule does once everything before it in the rule matched.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "ruleset/match.h"

namespace mailweir::rules {

// iptables rules have exactly one, between their matches and their target; nft rules as many as were written.
struct Counter {
  std::optional<std::uint64_t> packets, bytes;  // nothing: counts, but the source did not tell how much
  std::string name;                             // of a counter object in the same table
  friend bool operator==(const Counter&, const Counter&) = default;
};

// To the kernel log, or to a group of NFLOG listeners.
struct Log {
  std::string prefix;
  std::optional<std::uint8_t> level;   // syslog, 0 to 7; nothing: the default (4, warning)
  std::optional<std::uint16_t> group;  // NFLOG; nothing: kernel log
  std::optional<std::uint32_t> bytes_max, queue_threshold;
  // LOG's flags as the kernel numbers them: 1 TCP sequence, 2 TCP options, 4 IP options, 8 UID, 32 MAC decoded
  std::uint8_t flags = 0;
  bool audit = false;  // nft: level audit
  friend bool operator==(const Log&, const Log&) = default;
};

// field = (field & ~mask) ^ value: marks of packet and connection, priority, DSCP, TTL. The kernel's own formula
// (xt_mark.c, nft_bitwise.c); "set to 5" is mask all ones.
struct Assign {
  Field field = Field::PacketMark;
  FieldValue mask = largest_value(32), value = 0;
  friend bool operator==(const Assign&, const Assign&) = default;
};
// to = (to & ~to_mask) ^ (from & from_mask): CONNMARK --save-mark and --restore-mark, `ct mark set meta mark`.
struct CopyMark {
  Field from = Field::ConnectionMark, to = Field::PacketMark;
  std::uint32_t from_mask = 0xffffffff, to_mask = 0xffffffff;
  friend bool operator==(const CopyMark&, const CopyMark&) = default;
};

struct Notrack {  // from here on the packet is UNTRACKED, if conntrack has not seen it yet
  friend bool operator==(const Notrack&, const Notrack&) = default;
};

// Ends the evaluation of its hook's nat chains for the connection (accept).
struct Nat {
  enum class Kind : std::uint8_t { Source, Destination, Masquerade, Redirect };
  Kind kind = Kind::Source;
  std::optional<IpAddress> first_address, last_address;
  std::optional<std::uint16_t> first_port, last_port;
  bool random = false, fully_random = false, persistent = false;
  std::string text;  // nft: where to is computed (a map): what was written; the new address is unknown
  friend bool operator==(const Nat&, const Nat&) = default;
};

// Drops, and answers with a packet of the kernel's own.
struct Reject {
  enum class Kind : std::uint8_t { TcpReset, Icmp, Icmp6, Icmpx };  // Icmpx: whichever suits the packet
  Kind kind = Kind::Icmp;
  std::uint8_t code = 3;  // of "destination unreachable" (1 in ICMPv6); of Icmpx: nft's number of it
  friend bool operator==(const Reject&, const Reject&) = default;
};

struct TcpMss {                       // changes a SYN's option; verdicts stay the same
  std::optional<std::uint16_t> size;  // nothing: clamped to the path's
  friend bool operator==(const TcpMss&, const TcpMss&) = default;
};

// nft: puts the packet's values into a set, or takes them out. With a limit it matches only what keeps the limit.
struct SetUpdate {
  enum class Action : std::uint8_t { Add, Update, Delete };
  Action action = Action::Add;
  std::string set;
  std::vector<Operand> key;
  std::optional<std::uint64_t> timeout_s;
  std::optional<Limit> limit;
  std::string
      text;  // of what else was written in it; then, and where the key is no field, whether it matches is unknown
  friend bool operator==(const SetUpdate&, const SetUpdate&) = default;
};

struct Verdict {
  enum class Kind : std::uint8_t {
    Accept,    // done with this base chain; later ones still see the packet
    Drop,      // done for good
    Jump,      // into a chain, and back behind this rule
    Goto,      // into a chain, and back to where this one was called from
    Return,    // back to the caller; in a base chain: its policy
    Queue,     // a program decides; nobody listening: drop, or accept with bypass
    Continue,  // next rule
  };
  Kind kind = Kind::Accept;
  std::string chain;  // of Jump and Goto
  std::uint16_t queue_first = 0, queue_last = 0;
  bool queue_bypass = false, queue_fanout = false;
  friend bool operator==(const Verdict&, const Verdict&) = default;
};

// nft: the verdict of the element that holds the tuple; none does: the rule goes on, as if it did not match.
struct VerdictMap {
  std::vector<Operand> key;
  std::string map;  // of the same table; empty: `elements`
  struct Element {
    std::vector<IntervalSet> key;
    Verdict verdict;
    friend bool operator==(const Element&, const Element&) = default;
  };
  std::vector<Element> elements;
  friend bool operator==(const VerdictMap&, const VerdictMap&) = default;
};

// A target or statement nobody here understands, word for word.
struct OpaqueStatement {
  std::string module;  // "TPROXY", "CT", "dup", …
  std::string text;    // "-j TPROXY --on-port 3129", "dup to 192.0.2.1"
  bool nft = false;
  bool complete = true;  // as in OpaqueMatch
  // Known to let the rules go on, and to change nothing that a rule can ask for. Otherwise what comes after is unknown.
  bool harmless = false;
  friend bool operator==(const OpaqueStatement&, const OpaqueStatement&) = default;
};

// A rule is a list of these, evaluated in order until one says no or ends it. In iptables' notation the matches come
// first, then one Counter, then at most one target; in nft's they mix, and a counter in the middle counts what came
// that far.
using RulePart = std::variant<Match, Lookup, Limit, KeyedLimit, Recent, ConnectionCount, OpaqueMatch,  // may say no
                              Counter, Log, Assign, CopyMark, Notrack, TcpMss, SetUpdate, OpaqueStatement,  // go on
                              Nat, Reject, Verdict, VerdictMap>;                                            // end it

// May it say no? SetUpdate and VerdictMap may too, after having done something.
[[nodiscard]] bool is_match(const RulePart& part);
// Remembers packets: asked twice it may answer differently. Recent, limits, opaque ones that are not pure, set updates.
[[nodiscard]] bool remembers(const RulePart& part);
// One line, as in the notation the rule came in: "tcp dport 25", "-m limit --limit 3/hour".
[[nodiscard]] std::string part_text(const RulePart& part);

}  // namespace mailweir::rules
