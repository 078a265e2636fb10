// A policy as the kernel gets it: the one table `inet mailweir`, its text for nft, and what each of its rules is for.
//
// Made by compile/compile.h, installed by apply/, shown by plan, proven by verify. The same policy gives the same
// value, byte by byte, so that whoever installs it second changes nothing.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/port_range.h"

namespace mailweir {

inline constexpr std::string_view kTable = "mailweir";  // family inet
// The chain, without a hook, whose only rule carries the marker as comment.
inline constexpr std::string_view kMarkerChain = "mw_about";

// NFLOG group of the first packets `run` judges. Any number nobody else listens to; ulogd's examples use small ones.
inline constexpr std::uint16_t kLogGroup = 2525;
// NFLOG group of what rules report because the policy asks for a log; its packets carry a prefix.
inline constexpr std::uint16_t kReportGroup = 2526;

enum class RuleHook : std::uint8_t { Output, Forward, Input };
enum class RuleEffect : std::uint8_t {
  Pass,   // let go: an exception, an open port
  Watch,  // shown to `run`, goes on
  Log,    // logged, goes on
  Limit,  // stopped when there are too many, as `reject` says
  Stop,   // stopped, as `reject` says
};

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
