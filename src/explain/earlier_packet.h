// The packet that must have come before a line: what made the kernel send the packet that was logged.
//
// Resets, ICMP errors and replies that leave this machine without a socket answer something. Every packet they can
// answer is made up, sent through the rules, and kept if its answer is the line's packet and reaches the line's rule.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "explain/logging_rule.h"

namespace mailweir::rules {

struct EarlierPacket {
  PartialPacket packet;
  std::string_view kind;  // "SYN/ACK", "UDP datagram"
  bool loose = true;      // with which nf_conntrack_tcp_loose
  KernelAnswer::Maker maker = KernelAnswer::Maker::ClosedPort;
  RulePlace maker_rule;  // of Maker::RejectRule
  RulePlace taken_by;    // the rule of the base chain at which the packet's walk ended, or through which it was let in
  PacketFate::Kind fate = PacketFate::Kind::Delivered;
  ConnectionState state = ConnectionState::Invalid, answer_state = ConnectionState::Invalid;
};

// Can the kernel have made the packet itself? By its form; a socket's owner in the line says no.
[[nodiscard]] bool may_be_made_by_kernel(const LoggedPacket& line);

// Packets that can have come before, whatever the rules: an unfinished candidate has only packet, kind and loose.
[[nodiscard]] std::vector<EarlierPacket> candidates_before(const LoggedPacket& line);
// Those whose answer reaches a rule that logs like `log` in a table of that name.
[[nodiscard]] std::vector<EarlierPacket> find_earlier(const Scene& scene, const LoggedPacket& line,
                                                      std::vector<EarlierPacket> candidates, const LoggingRule& rule);

// Does anything in these fates get logged by a rule like `rule`? Same table, chain and prefix: edits move numbers.
[[nodiscard]] bool is_logged(const std::vector<PacketFate>& fates, const LoggingRule& rule);

}  // namespace mailweir::rules
