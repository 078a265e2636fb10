// All that is known about a log line when its causes are judged.
#pragma once

#include <optional>
#include <vector>

#include "explain/earlier_packet.h"
#include "explain/pasted_text.h"
#include "explain/service_words.h"

namespace mailweir::rules {

struct LineCase {
  const LineGroup* group = nullptr;
  const PastedText* pasted = nullptr;
  const Scene* scene = nullptr;    // nothing: no rules to ask
  const Ruleset* rules = nullptr;  // likewise
  RuleSearch search;
  std::vector<ConnectionState> states;         // the packet can have had; with a rule, those that reach it
  std::vector<EarlierPacket> earlier;          // simulated: their answer is the line. Empty: none does, or no rules
  std::vector<EarlierPacket> without_reject;   // the same with the rejecting rules taken out
  std::vector<EarlierPacket> elsewhere;        // the same packets to other ports that rules single out
  const CapturedPacket* captured = nullptr;    // pasted beside the line: what came before it
  double captured_before_s = -1;               // and how long before it the line's packet was captured; < 0: not known
  std::optional<RulePlace> established_later;  // accepts ESTABLISHED, but stands behind the line's rule
  bool established_accepted = false;           // anywhere on the packet's way

  [[nodiscard]] const LoggedPacket& line() const { return group->first; }
  [[nodiscard]] const std::optional<LoggingRule>& rule() const { return search.found; }
  [[nodiscard]] const PacketValues& values() const { return line().seen.packet.values; }
  [[nodiscard]] ConnectionState state() const { return states.empty() ? ConnectionState::Invalid : states.front(); }
  [[nodiscard]] bool can_be(ConnectionState state) const;
  [[nodiscard]] bool is_tcp() const;
  [[nodiscard]] bool is_udp() const;
  [[nodiscard]] bool is_icmp() const;
  // FIN, SYN, RST, ACK and URG: what conntrack looks at. Nothing: not TCP, or not known.
  [[nodiscard]] std::optional<std::uint8_t> flags() const;
  [[nodiscard]] int icmp_type() const;  // -1: not ICMP, or not known
  [[nodiscard]] bool arrives() const { return line().way != Hook::Output; }
  [[nodiscard]] std::uint32_t port(Field field) const;  // 0: not known, or none
  // Of the other machine and of this side: of what leaves, the destination is the other's.
  [[nodiscard]] std::uint32_t other_port() const;
  [[nodiscard]] std::uint32_t own_port() const;
  [[nodiscard]] bool is_to_many() const;  // broadcast or multicast
  // Can it belong to an open connection? What opens one is none of its packets.
  [[nodiscard]] bool may_be_reply() const;
  // What in the end becomes of the packet behind the rule that logged it.
  [[nodiscard]] bool is_stopped() const;
  [[nodiscard]] std::string other_end() const;  // "108.162.? port 80"
};

// rules: empty vectors and no rule where there is no scene.
[[nodiscard]] LineCase open_case(const LineGroup& group, const PastedText& pasted, const Scene* scene);

}  // namespace mailweir::rules
