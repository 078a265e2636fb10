// Packets the kernel makes itself: what REJECT sends, what closed ports and open ones answer, ICMP replies.
//
// Source: measured on Linux 6.18 (docs/sources.md#kernel-packets); nf_reject_ipv4.c, icmp.c, tcp_ipv4.c for the forms.
// Not modelled: rate limits of ICMP errors (1000 a second, and one a second to a destination).
#pragma once

#include <cstdint>
#include <optional>

#include "ruleset/statement.h"
#include "simulate/machine.h"
#include "simulate/packet_values.h"

namespace mailweir::rules {

struct KernelAnswer {
  enum class Maker : std::uint8_t { RejectRule, ClosedPort, OpenPort, EchoReply, NoRoute, HopLimit };
  SimulatedPacket packet;
  Maker maker = Maker::RejectRule;
  // It belongs to the connection of the packet it answers and is RELATED to it, unless that had none (nf_ct_attach).
  bool inherits = false;
  // Sent through the kernel's ICMP socket: while that is busy, no ICMP error is made.
  bool by_icmp_socket = false;
};
[[nodiscard]] std::string_view name_of(KernelAnswer::Maker maker);  // "a REJECT rule", "the closed port", …

// What a REJECT rule sends about `packet`; nothing: it drops silently. `icmp_busy`: `packet` itself is being sent
// through the ICMP socket.
[[nodiscard]] std::optional<KernelAnswer> answer_of_reject(const Reject& reject, const SimulatedPacket& packet,
                                                           bool icmp_busy);
// What a delivered packet brings about. `established`: conntrack saw both directions before.
[[nodiscard]] std::optional<KernelAnswer> answer_of_delivery(const SimulatedMachine& machine,
                                                             const SimulatedPacket& packet, bool established);
// An ICMP error of routing: host unreachable, hop limit used up.
[[nodiscard]] std::optional<KernelAnswer> answer_of_routing(KernelAnswer::Maker maker, const SimulatedPacket& packet);

}  // namespace mailweir::rules
