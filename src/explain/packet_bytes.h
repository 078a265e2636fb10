// A packet's bytes, as somebody's hex dump shows them, -> the packet.
//
// Unlike packet/decode.h, which reads what detection needs of mail, every protocol and every field a rule may ask for
// is read. In:  bytes from the first of the IP header on; any length, any content.   Out: the packet; what the bytes
// end before is unknown.   Sources: RFC 791, RFC 8200, RFC 9293, RFC 768, RFC 792, RFC 4443, RFC 1071 (checksum).
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
