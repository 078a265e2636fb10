// Boxes of packets everybody knows, for checks that ask what becomes of them.
#pragma once

#include <cstdint>
#include <optional>

#include "lint/packet_box.h"
#include "lint/sample_packet.h"

namespace mailweir::rules {

// TCP or UDP to a port, of a connection in that state; not over lo.
[[nodiscard]] PacketBox packets_to(std::uint8_t protocol, std::uint16_t port, ConnectionState state, Way way);
// TCP of any port, of a connection in that state; not over lo.
[[nodiscard]] PacketBox tcp_packets(ConnectionState state, Way way);
// Over lo, opening a connection.
[[nodiscard]] PacketBox loopback_packets(Way way);
// ICMP (of that family) of one type and code in that state; not over lo.
[[nodiscard]] PacketBox icmp_packets(bool v4, std::uint8_t type, std::uint8_t code, ConnectionState state, Way way);
// What a server answers it with: addresses, ports and interfaces turned round, ESTABLISHED. REQUIRES: TCP or UDP.
[[nodiscard]] SimulatedPacket answer_to(const SimulatedPacket& packet);

}  // namespace mailweir::rules
