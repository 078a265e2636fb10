// Boxes of everyday packets (mail, names, services, connections), and what rules say of them.
#pragma once

#include <initializer_list>
#include <vector>

#include "lint/packet_box.h"
#include "lint/subject.h"

namespace mailweir::rules {

[[nodiscard]] PacketBox in_state(ConnectionState state);
// The first packet of a connection to that port (TCP, UDP).
[[nodiscard]] PacketBox opening(std::uint8_t protocol, std::uint16_t port);
// These four come from (or go to) another machine: not over lo, and not with addresses that only lo has, which the
// kernel drops before any rule of INPUT sees them.
[[nodiscard]] PacketBox packets_to(std::uint8_t protocol, std::uint16_t port, ConnectionState state, Way way);
[[nodiscard]] PacketBox tcp_packets(ConnectionState state, Way way);
[[nodiscard]] PacketBox icmp_packets(bool v4, std::uint8_t type, std::uint8_t code, ConnectionState state, Way way);
[[nodiscard]] PacketBox from_elsewhere(Way way);
// Over lo, opening a connection.
[[nodiscard]] PacketBox loopback_packets(Way way);
// What a server answers it with: addresses, ports and interfaces turned round, ESTABLISHED. REQUIRES: TCP or UDP.
[[nodiscard]] SimulatedPacket answer_to(const SimulatedPacket& packet);
// The same box, free again in these fields and in its facts.
[[nodiscard]] PacketBox freed(const PacketBox& box, std::initializer_list<Field> fields);

// Does the rule name that destination port, alone or among a few? A range of more than kNamedWidthMax does not.
inline constexpr unsigned kNamedWidthMax = 16;
[[nodiscard]] bool names_port(const Rule& rule, std::uint16_t port);
// Drops or rejects openings to that TCP port and names it; never dead, never limited, everything of it understood.
[[nodiscard]] bool stops_named(LintSubject& subject, const RulePlace& place, std::uint16_t port);

}  // namespace mailweir::rules
