// A packet's bytes, as somebody's hex dump shows them, -> the packet.
//
// In:  bytes from the first of the IP header on; any length, any content.   Out: the packet as
// simulate/packet_from_bytes.h reads it, and whether its IPv4 header is as it was sent (RFC 1071).
#pragma once

#include <cstdint>
#include <optional>
#include <span>

#include "explain/partial_value.h"

namespace mailweir::rules {

struct DumpedPacket {
  PartialPacket packet;
  // The IPv4 header's own checksum does not fit its bytes: somebody changed it, an address most likely. The addresses
  // are unknown then.
  bool altered = false;
};

// Nothing: no IP header.
[[nodiscard]] std::optional<DumpedPacket> read_packet_bytes(std::span<const std::uint8_t> bytes);

}  // namespace mailweir::rules
