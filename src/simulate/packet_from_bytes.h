// Bytes -> every field of a packet that a rule can ask for.
//
// packet/decode.h reads what detection needs of mail; this reads any protocol. What the bytes end before is unknown,
// except that a packet without its whole IP header is none.
// In:  bytes somebody else wrote: any length, any content.   Out: the packet, with interfaces not set.
// Invariants: never reads past `bytes`; takes time linear in its length.
// Does not know: the IPv4 header's own checksum; ports behind an ESP or a tunnel.
// Sources: RFC 791, RFC 8200, RFC 4302 (AH), RFC 9293, RFC 7323 and RFC 2018 (TCP options), RFC 768, RFC 792, RFC 4443.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "simulate/packet_values.h"

namespace mailweir::rules {

// `bytes`: from the first byte of the IP header. `wire_length`: how long they were before a snap length cut them;
// counts only where the IP header says 0. Nothing: no IP header, or one that contradicts itself.
[[nodiscard]] std::optional<SimulatedPacket> packet_from_bytes(std::span<const std::uint8_t> bytes,
                                                               std::size_t wire_length = 0);

}  // namespace mailweir::rules
