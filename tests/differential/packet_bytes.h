// A simulated packet as the bytes a kernel takes, and what a kernel sent as the line both sides are compared by.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "simulate/packet_values.h"

namespace mailweir::rules::differential {

using Octets = std::vector<std::uint8_t>;

// From the IP header on, checksums right (or, with bad_checksum, wrong in the transport).
[[nodiscard]] Octets ip_bytes(const SimulatedPacket& packet);

// "tcp 192.0.2.1:80 > 198.51.100.7:1024 rst,ack seq 0 ack 17 ttl 64": what must be equal of an emitted packet.
[[nodiscard]] std::string emitted_line(const SimulatedPacket& packet);
// Nothing: not IP, or a protocol the tests do not send.
[[nodiscard]] std::optional<std::string> emitted_line(std::span<const std::uint8_t> ip);

}  // namespace mailweir::rules::differential
