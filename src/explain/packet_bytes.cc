#include "explain/packet_bytes.h"

#include "packet/bytes.h"
#include "simulate/packet_from_bytes.h"

namespace mailweir::rules {
namespace {

// RFC 1071: the sum of a good header, its checksum included, is 0xffff.
bool has_good_checksum(Bytes header) {
  std::uint32_t sum = 0;
  for (std::size_t i = 0; i + 1 < header.size(); i += 2) sum += read_u16(header, i);
  while (sum >> 16 != 0) sum = (sum & 0xffff) + (sum >> 16);
  return sum == 0xffff;
}

}  // namespace

std::optional<DumpedPacket> read_packet_bytes(std::span<const std::uint8_t> bytes) {
  auto packet = packet_from_bytes(bytes);
  if (!packet) return std::nullopt;
  DumpedPacket dump;
  dump.altered = packet->is_v4() && !has_good_checksum(bytes.first((bytes[0] & 15U) * 4));
  dump.packet.packet = std::move(*packet);
  if (dump.altered) {
    dump.packet.packet.values.set_unknown(Field::SourceAddress);
    dump.packet.packet.values.set_unknown(Field::DestinationAddress);
  }
  return dump;
}

}  // namespace mailweir::rules
