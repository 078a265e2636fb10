#include "simulate/packet_from_bytes.h"

#include <algorithm>

#include "packet/bytes.h"
#include "simulate/connection_table.h"

namespace mailweir::rules {
namespace {

constexpr std::size_t kV4Header = 20, kV6Header = 40, kTcpHeader = 20, kUdpHeader = 8;
constexpr int kExtensionHeadersMax = 16;  // as packet/decode_ip.cc
constexpr std::uint8_t kUdpLite = 136, kSctp = 132, kDccp = 33;

bool has_ports(std::uint8_t protocol) {
  return protocol == kTcp || protocol == kUdp || protocol == kUdpLite || protocol == kSctp || protocol == kDccp;
}

// What the transport header says. `length`: of it and its payload, on the wire.
class Transport {
 public:
  Transport(Bytes bytes, std::size_t length, SimulatedPacket& packet)
      : bytes_(bytes), length_(length), packet_(packet), values_(packet.values) {}

  void read(bool may_quote) {
    const std::uint8_t protocol = packet_.protocol();
    if (has_ports(protocol)) {
      put(Field::SourcePort, 0, 2);
      put(Field::DestinationPort, 2, 2);
    }
    if (protocol == kTcp) read_tcp();
    if (protocol == kUdp && length_ >= kUdpHeader) packet_.payload = static_cast<std::uint32_t>(length_ - kUdpHeader);
    if (protocol == kIcmp || protocol == kIcmp6) read_icmp(may_quote);
  }

 private:
  // Unknown where the bytes end before.
  void put(Field field, std::size_t at, std::size_t width) {
    if (bytes_.size() < at + width) return values_.set_unknown(field);
    FieldValue value = 0;
    for (std::size_t i = 0; i != width; ++i) value = value << 8 | bytes_[at + i];
    values_.set(field, value);
  }

  void read_tcp() {
    put(Field::TcpSequence, 4, 4);
    put(Field::TcpAcknowledgement, 8, 4);
    put(Field::TcpFlags, 13, 1);
    put(Field::TcpWindow, 14, 2);
    if (bytes_.size() <= 12) return;
    const std::size_t header = std::size_t{bytes_[12]} / 16 * 4;
    if (header < kTcpHeader || header > length_) return;
    packet_.payload = static_cast<std::uint32_t>(length_ - header);
    if (bytes_.size() > kTcpHeader)
      read_options(bytes_.subspan(0, std::min(header, bytes_.size())).subspan(kTcpHeader));
  }

  void read_options(Bytes options) {
    constexpr std::uint8_t kEnd = 0, kNothing = 1, kWindowScale = 3, kSelectiveAck = 4;
    for (std::size_t at = 0; at < options.size() && options[at] != kEnd;) {
      if (options[at] == kNothing) {
        ++at;
        continue;
      }
      if (at + 1 >= options.size() || options[at + 1] < 2 || at + options[at + 1] > options.size()) return;
      if (options[at] == kWindowScale && options[at + 1] == 3) packet_.options.window_scale = options[at + 2];
      if (options[at] == kSelectiveAck && options[at + 1] == 2) packet_.options.selective_ack = true;
      at += options[at + 1];
    }
  }

  void read_icmp(bool may_quote) {
    put(Field::IcmpTypeCode, 0, 2);
    if (bytes_.size() < 8) return;
    if (!is_icmp_error(packet_.protocol(), bytes_[0])) {
      packet_.icmp_id = read_u16(bytes_, 4);
    } else if (may_quote) {
      quote(bytes_.subspan(8));
    }
  }

  void quote(Bytes inner);

  Bytes bytes_;
  std::size_t length_;
  SimulatedPacket& packet_;
  PacketValues& values_;
};

SimulatedPacket with_protocol(std::uint8_t protocol, const IpAddress& source, const IpAddress& destination) {
  // Of icmp_packet() comes what all packets have; then it is made one of the right protocol.
  SimulatedPacket packet = icmp_packet(source, destination, 0, 0);
  packet.values.set(Field::Protocol, protocol);
  if (protocol != kIcmp && protocol != kIcmp6) packet.values.set_absent(Field::IcmpTypeCode);
  return packet;
}

std::optional<SimulatedPacket> read_v4(Bytes bytes, std::size_t wire_length, bool may_quote) {
  if (bytes.size() < kV4Header) return std::nullopt;
  const std::size_t header = std::size_t{bytes[0]} % 16 * 4, said = read_u16(bytes, 2);
  const std::size_t end = said != 0 ? said : wire_length;
  if (header < kV4Header || header > bytes.size() || end < header) return std::nullopt;
  const std::uint16_t fragment = read_u16(bytes, 6);
  SimulatedPacket packet =
      with_protocol(bytes[9], IpAddress::v4(bytes.subspan<12, 4>()), IpAddress::v4(bytes.subspan<16, 4>()));
  PacketValues& values = packet.values;
  values.set(Field::IpProtocol, bytes[9]);
  values.set(Field::Length, end);
  values.set(Field::Dscp, bytes[1] >> 2);
  values.set(Field::IpId, read_u16(bytes, 4));
  values.set(Field::FragmentOffset, fragment);
  values.set(Field::Ttl, bytes[8]);
  const bool later = (fragment & 0x1fff) != 0;
  values.set(Field::Fragment, later ? 1 : 0);
  if (later)
    values.set_absent(Field::IcmpTypeCode);
  else
    Transport(bytes.first(std::min(bytes.size(), end)).subspan(header), end - header, packet).read(may_quote);
  return packet;
}

// Where the transport header is, and what it is; RFC 8200 section 4.
struct Place {
  std::uint8_t protocol = 0;
  std::size_t at = kV6Header;
  bool later_fragment = false;
};

std::optional<Place> transport_of_v6(Bytes bytes) {
  constexpr std::uint8_t kFragment = 44, kAuthentication = 51;
  constexpr std::uint8_t kExtensions[] = {0, 43, 60, 135, 139, 140, kFragment, kAuthentication};
  Place place{bytes[6]};
  for (int headers = 0; std::ranges::find(kExtensions, place.protocol) != std::end(kExtensions); ++headers) {
    if (headers == kExtensionHeadersMax || bytes.size() < place.at + 8) return std::nullopt;
    const std::uint8_t kind = place.protocol;
    place.protocol = bytes[place.at];
    if (kind == kFragment && (read_u16(bytes, place.at + 2) & 0xfff8) != 0) place.later_fragment = true;
    place.at += kind == kFragment         ? 8
                : kind == kAuthentication ? (std::size_t{bytes[place.at + 1]} + 2) * 4
                                          : (std::size_t{bytes[place.at + 1]} + 1) * 8;
    if (place.later_fragment) break;
  }
  return place;
}

std::optional<SimulatedPacket> read_v6(Bytes bytes, std::size_t wire_length, bool may_quote) {
  if (bytes.size() < kV6Header) return std::nullopt;
  const std::size_t said = read_u16(bytes, 4);
  const std::size_t end = said != 0 ? kV6Header + said : std::max(wire_length, kV6Header);
  const IpAddress source = IpAddress::v6(bytes.subspan<8, 16>()), destination = IpAddress::v6(bytes.subspan<24, 16>());
  if (source.is_v4() || destination.is_v4()) return std::nullopt;
  bytes = bytes.first(std::min(bytes.size(), end));
  const std::optional<Place> place = transport_of_v6(bytes);
  if (!place || place->at > end) return std::nullopt;
  SimulatedPacket packet = with_protocol(place->protocol, source, destination);
  PacketValues& values = packet.values;
  values.set(Field::IpProtocol, bytes[6]);
  values.set(Field::Length, end);
  values.set(Field::Dscp, read_u16(bytes, 0) >> 6 & 0x3f);
  values.set(Field::Ttl, bytes[7]);
  values.set(Field::Fragment, place->later_fragment ? 1 : 0);
  if (place->later_fragment)
    values.set_absent(Field::IcmpTypeCode);
  else
    Transport(bytes.subspan(std::min(place->at, bytes.size())), end - place->at, packet).read(may_quote);
  return packet;
}

std::optional<SimulatedPacket> read(Bytes bytes, std::size_t wire_length, bool may_quote) {
  if (bytes.empty()) return std::nullopt;
  wire_length = std::max(wire_length, bytes.size());
  if (bytes[0] >> 4 == 4) return read_v4(bytes, wire_length, may_quote);
  if (bytes[0] >> 4 == 6) return read_v6(bytes, wire_length, may_quote);
  return std::nullopt;
}

// An error about an error quotes nothing that connection tracking would look up.
void Transport::quote(Bytes inner) {
  const auto about = rules::read(inner, 0, false);
  if (!about) return;
  const PacketValues& values = about->values;
  QuotedPacket quoted{.source = values.address(Field::SourceAddress),
                      .destination = values.address(Field::DestinationAddress),
                      .protocol = about->protocol()};
  if (const std::optional<FlowKey> key = flow_key(*about)) {
    quoted.source_port = key->source_port;
    quoted.destination_port = key->destination_port;
  }
  packet_.quoted = quoted;
}

}  // namespace

std::optional<SimulatedPacket> packet_from_bytes(std::span<const std::uint8_t> bytes, std::size_t wire_length) {
  return read(bytes, wire_length, true);
}

}  // namespace mailweir::rules
