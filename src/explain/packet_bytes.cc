#include "explain/packet_bytes.h"

#include "packet/bytes.h"
#include "ruleset/number_names.h"
#include "simulate/connection_table.h"

namespace mailweir::rules {
namespace {

constexpr std::size_t kHeader4 = 20, kHeader6 = 40, kTcpHeader = 20;

// RFC 1071: the sum of a good header, its checksum included, is 0xffff.
bool has_good_checksum(Bytes header) {
  std::uint32_t sum = 0;
  for (std::size_t i = 0; i + 1 < header.size(); i += 2) sum += read_u16(header, i);
  while (sum >> 16 != 0) sum = (sum & 0xffff) + (sum >> 16);
  return sum == 0xffff;
}

void read_tcp(Bytes bytes, std::uint32_t length, SimulatedPacket& packet) {
  PacketValues& values = packet.values;
  for (const Field field : {Field::TcpSequence, Field::TcpAcknowledgement, Field::TcpFlags, Field::TcpWindow})
    values.set_unknown(field);
  if (bytes.size() < 8) return;
  values.set(Field::TcpSequence, read_u32(bytes, 4));
  if (bytes.size() < 12) return;
  values.set(Field::TcpAcknowledgement, read_u32(bytes, 8));
  if (bytes.size() < 16) return;
  values.set(Field::TcpFlags, bytes[13]);
  values.set(Field::TcpWindow, read_u16(bytes, 14));
  const std::uint32_t header = (bytes[12] >> 4) * 4U;
  if (header >= kTcpHeader && length >= header) packet.payload = length - header;
}

void read_quoted(Bytes bytes, SimulatedPacket& packet) {
  const auto inner = read_packet_bytes(bytes);
  if (!inner) return;
  const PacketValues& values = inner->packet.packet.values;
  packet.quoted = QuotedPacket{.source = values.address(Field::SourceAddress),
                               .destination = values.address(Field::DestinationAddress),
                               .protocol = inner->packet.packet.protocol(),
                               .source_port = values.number<std::uint16_t>(Field::SourcePort),
                               .destination_port = values.number<std::uint16_t>(Field::DestinationPort)};
}

void read_icmp(Bytes bytes, SimulatedPacket& packet) {
  if (bytes.size() < 2) return packet.values.set_unknown(Field::IcmpTypeCode);
  packet.values.set(Field::IcmpTypeCode, read_u16(bytes, 0));
  if (bytes.size() < 8) return;
  if (is_icmp_error(packet.protocol(), bytes[0]))
    read_quoted(bytes.subspan(8), packet);
  else
    packet.icmp_id = read_u16(bytes, 4);
}

void read_transport(Bytes bytes, std::uint32_t length, SimulatedPacket& packet) {
  PacketValues& values = packet.values;
  if (has_ports(packet.protocol())) {
    if (bytes.size() >= 4) {
      values.set(Field::SourcePort, read_u16(bytes, 0));
      values.set(Field::DestinationPort, read_u16(bytes, 2));
    } else {
      values.set_unknown(Field::SourcePort);
      values.set_unknown(Field::DestinationPort);
    }
  }
  if (packet.protocol() == kTcp) read_tcp(bytes, length, packet);
  if (packet.protocol() == kIcmp || packet.protocol() == kIcmp6) read_icmp(bytes, packet);
}

std::optional<DumpedPacket> read_v4(Bytes bytes) {
  if (bytes.size() < kHeader4) return std::nullopt;
  const std::size_t header = (bytes[0] & 15U) * 4;
  if (header < kHeader4 || header > bytes.size()) return std::nullopt;
  DumpedPacket dump;
  const std::uint16_t length = read_u16(bytes, 2);
  dump.packet.packet = packet_of(bytes[9], IpAddress::v4(read_u32(bytes, 12)), IpAddress::v4(read_u32(bytes, 16)));
  PacketValues& values = dump.packet.packet.values;
  values.set(Field::Length, length);
  values.set(Field::Dscp, bytes[1] >> 2);
  values.set(Field::IpId, read_u16(bytes, 4));
  values.set(Field::Ttl, bytes[8]);
  dump.altered = !has_good_checksum(bytes.first(header));
  if (dump.altered) {
    values.set_unknown(Field::SourceAddress);
    values.set_unknown(Field::DestinationAddress);
  }
  const std::uint32_t rest = length > header ? length - static_cast<std::uint32_t>(header) : 0;
  read_transport(bytes.subspan(header), rest, dump.packet.packet);
  return dump;
}

std::optional<DumpedPacket> read_v6(Bytes bytes) {
  if (bytes.size() < kHeader6) return std::nullopt;
  DumpedPacket dump;
  const std::uint8_t next = bytes[6];
  dump.packet.packet = packet_of(next, IpAddress::v6(bytes.subspan<8, 16>()), IpAddress::v6(bytes.subspan<24, 16>()));
  PacketValues& values = dump.packet.packet.values;
  values.set(Field::Length, kHeader6 + read_u16(bytes, 4));
  values.set(Field::Dscp, (read_u16(bytes, 0) >> 6) & 0x3f);
  values.set(Field::Ttl, bytes[7]);
  read_transport(bytes.subspan(kHeader6), read_u16(bytes, 4), dump.packet.packet);
  return dump;
}

}  // namespace

std::optional<DumpedPacket> read_packet_bytes(std::span<const std::uint8_t> bytes) {
  if (bytes.empty()) return std::nullopt;
  if (bytes[0] >> 4 == 4) return read_v4(bytes);
  if (bytes[0] >> 4 == 6) return read_v6(bytes);
  return std::nullopt;
}

}  // namespace mailweir::rules
