// What a person pastes: log lines, perhaps many, tcpdump's text and hex beside them, perhaps the rules too.
//
// In:  any text.   Out: the log lines in groups that have one explanation, the captured packets, the rules as text.
// A group: the same prefix, interfaces, protocol, flags and service; what one source does to many ports is one group.
// Invariants: linear; memory bounded by kPasteLimits; what a limit left out is counted.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "explain/capture_text.h"
#include "explain/logged_packet.h"

namespace mailweir::rules {

struct PasteLimits {
  std::size_t line_bytes_max = 16'384;  // the kernel's own lines end at about 1,000
  std::size_t groups_max = 200;
  std::size_t scanners_max = 65'536;  // sources watched for scans
  std::size_t distinct_max = 4'096;   // values counted exactly per group
  std::size_t rules_bytes_max = std::size_t{16} << 20;
};
inline constexpr PasteLimits kPasteLimits;
// So many ports of one host by one other: a scan. psad's lowest danger level begins at 5; a person's programs retry,
// but not on other ports.
inline constexpr std::size_t kScanPorts = 6;

struct LineGroup {
  LoggedPacket first;                                    // stands for all
  std::size_t lines = 1, number = 0;                     // number: of the first line, from 1
  std::size_t sources = 1, destinations = 1, ports = 1;  // distinct; at most distinct_max
  std::optional<LogTime> last_time;
  bool scan = false;
};

struct PastedText {
  std::vector<LineGroup> groups;  // most lines first
  std::vector<CapturedPacket> captured;
  // Lines of a ruleset among them, "-A INPUT …": those before the first log line, for what comes after the line in a
  // question is what others answered. Where there are none, those behind it.
  std::string rules;
  std::size_t lines = 0, log_lines = 0, long_lines = 0, lines_left_out = 0, captured_left_out = 0, table_full = 0;
};

[[nodiscard]] PastedText read_pasted_text(std::string_view text);

}  // namespace mailweir::rules
