// A policy as the kernel gets it: the one table `inet mailweir`, its text for nft, and what each of its rules is for.
//
// Made by compile/compile.h, installed by apply/, shown by plan, proven by verify. The same policy gives the same
// value, byte by byte, so that whoever installs it second changes nothing.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/ip.h"
#include "base/port_range.h"

namespace mailweir {

inline constexpr std::string_view kTable = "mailweir";  // family inet
// The chain, without a hook, whose only rule carries the marker as comment.
inline constexpr std::string_view kMarkerChain = "mw_about";

// NFLOG group of the first packets `run` judges. Any number nobody else listens to; ulogd's examples use small ones.
inline constexpr std::uint16_t kLogGroup = 2525;
// NFLOG group of what rules report because the policy asks for a log; its packets carry a prefix.
inline constexpr std::uint16_t kReportGroup = 2526;

// Firewall mark of the packets `verify --target` sends past the rules about own traffic, to see what lies behind them.
// The whole mark must be this one. Which bits others use, and why this is no hole: docs/decisions/0009.
inline constexpr std::uint32_t kProbeMark = 0x2025;

enum class RuleHook : std::uint8_t { Output, Forward, Input };
enum class RuleEffect : std::uint8_t {
  Pass,   // let go: an exception, an open port
  Watch,  // shown to `run`, goes on
  Log,    // logged, goes on
  Limit,  // stopped when there are too many, as `reject` says
  Stop,   // stopped, as `reject` says
};

// New: a first packet, for TCP a SYN. Ongoing: of a known connection, or about one. Reply: from its other end.
enum class PacketState : std::uint8_t { Any, New, Invalid, Ongoing, Reply };

struct RuleInfo {
  std::string id;  // stable: "host.transfer"; the first word of the comment of the rules that carry it out
  // Which line of the policy asked for it; line 0: nobody wrote it, a default holds.
  std::string file;
  int line = 0;
  RuleHook hook = RuleHook::Output;
  bool v4 = true, v6 = true;     // families it can match
  std::vector<PortRange> ports;  // destination ports; empty: not about ports
  RuleEffect effect = RuleEffect::Pass;
  bool reject = false;  // of Limit and Stop: answered at once, not dropped in silence
  bool logged = false;  // a rule "<id>.log" before it writes `log_prefix`, at a limited rate
  std::string log_prefix;

  // Which packets it sees. All of what is set must hold.
  std::string chain;               // in the kernel: "mw_host"
  std::string caller;              // the chain that jumps to that one; empty: the hook's own one does
  std::vector<IpPrefix> from, to;  // of families that it names at all
  std::optional<PortRange> source_port;
  std::vector<std::uint32_t> users, groups;  // of the socket's owner; one of the two
  std::vector<std::uint8_t> icmp4, icmp6;    // types
  PacketState state = PacketState::Any;
  bool loopback = false, broadcast = false, one_hop = false, link_local = false;
  bool blocked = false;  // the client is in the sets of blocks
  bool slowed = false;   // the client is in the sets of those that are slowed down
  std::optional<std::uint32_t> mark;
  // Of Limit: what exceeds `per_minute` after `burst` at once is stopped; of each client, or of all together. Of who is
  // slowed down: new servers, and `per_minute` is 0.
  std::uint32_t per_minute = 0, burst = 0;
  bool each_client = false;
};

struct CompiledTable {
  // Statements for `nft -f`, one a line: installs the table or brings an existing one there, in one transaction. Sets
  // whose contents must survive a new text (the blocks) are declared, never flushed; all else is replaced.
  std::string text;
  std::string marker;                        // "mailweir 0123456789abcdef", a hash of the rest of the text
  std::vector<RuleInfo> rules;               // in the order of the hooks and of evaluation; an id occurs once
  std::vector<std::uint16_t> watched_ports;  // what `run` listens to; empty: nothing is watched
  std::uint16_t watch_group = kLogGroup;
  // Elements a set of blocks can hold, per family; when full, further blocks fail and are counted as not enforced.
  std::uint32_t blocks_max = 0;
};

}  // namespace mailweir
