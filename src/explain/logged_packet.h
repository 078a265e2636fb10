// One line of a kernel log -> the packet it shows, of any protocol, with parts perhaps blacked out.
//
// The fields and their order are those of net/netfilter/nf_log_syslog.c (Linux 6.18): prefix IN= OUT= MAC= SRC= DST=
// LEN= … PROTO= …, an ICMP error's quoted packet in brackets behind it. Dialects that leave words out are read as far
// as they go. ingest/log_line.h reads the same lines for evidence against clients, and takes nothing that is not whole;
// here a person asks about one line, so whatever can be read of it is used and the rest is unknown.
//
// Invariants: linear in the line's length, never reads outside it, no line is an error.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "explain/partial_value.h"
#include "ingest/log_time.h"
#include "ruleset/model.h"

namespace mailweir::rules {

struct LoggedPacket {
  std::string prefix;   // what stands before IN=, without what syslog wrote; a LOG rule's prefix ends it
  std::string in, out;  // interfaces; empty: none
  // The way through the machine by these: Input (or prerouting), Forward, Output (or postrouting). Nothing: neither is
  // in the line.
  std::optional<Hook> way;
  PartialPacket seen;
  std::optional<LogTime> time;
  std::optional<std::uint32_t> user;                      // of the socket that sent it, where the rule logs that
  std::vector<std::string> blacked_out;                   // the words, as written: "DST=108.162.[edited]"
  bool broadcast_frame = false, multicast_frame = false;  // by its MAC
  std::string quoted;                                     // what an ICMP error quotes, as written
  std::string line;                                       // the whole
};

// Nothing: no packet in it.
[[nodiscard]] std::optional<LoggedPacket> read_logged_packet(std::string_view line);

// "nf_conntrack: table full, dropping packet": the kernel's words, of all versions.
[[nodiscard]] bool says_table_full(std::string_view line);

}  // namespace mailweir::rules
