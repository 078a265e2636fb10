#include <algorithm>

#include "packet/bytes.h"
#include "packet/decode.h"

namespace mailweir {
namespace {

constexpr std::uint8_t kTcp = 6, kUdp = 17;  // IANA protocol numbers
constexpr std::size_t kV4HeaderMin = 20;     // RFC 791
constexpr std::size_t kV6Header = 40;        // RFC 8200
constexpr std::size_t kTcpHeaderMin = 20;    // RFC 9293
constexpr std::size_t kTcpFlagsEnd = 14;     // what a cut packet must still show: ports, numbers, offset, flags
constexpr int kExtensionHeadersMax = 16;     // RFC 8200 section 4.1 orders seven; more than twice that is no packet

// The TCP header at `at`; the IP packet ends at `end`, of which bytes.size() are here. REQUIRES: at <= end.
Decoded decode_tcp(Bytes bytes, std::size_t at, std::size_t end, TcpPacket& packet) {
  if (end - at < kTcpHeaderMin) return Decoded::Malformed;
  if (bytes.size() < at + kTcpFlagsEnd) return Decoded::CutShort;
  const std::size_t header = std::size_t{bytes[at + 12]} / 16 * 4;
  if (header < kTcpHeaderMin || header > end - at) return Decoded::Malformed;
  packet.source_port = read_u16(bytes, at);
  packet.destination_port = read_u16(bytes, at + 2);
  packet.sequence = read_u32(bytes, at + 4);
  packet.acknowledgement = read_u32(bytes, at + 8);
  packet.flags = bytes[at + 13];
  packet.payload = static_cast<std::uint32_t>(end - at - header);
  return Decoded::Tcp;
}

// RFC 768. REQUIRES: at <= bytes.size().
Decoded decode_udp(Bytes bytes, std::size_t at, UdpPacket& packet) {
  constexpr std::size_t kHeader = 8;
  if (bytes.size() - at < kHeader) return Decoded::NotTcp;
  const std::size_t length = read_u16(bytes, at + 4);
  if (length < kHeader) return Decoded::NotTcp;
  packet.payload = bytes.subspan(at + kHeader, std::min(length, bytes.size() - at) - kHeader);
  packet.source_port = read_u16(bytes, at);
  packet.destination_port = read_u16(bytes, at + 2);
  return Decoded::NotTcp;
}

Decoded decode_v4(Bytes bytes, std::size_t wire_length, TcpPacket& packet, UdpPacket* udp) {
  if (bytes.size() < kV4HeaderMin) return Decoded::CutShort;
  const std::size_t header = std::size_t{bytes[0]} % 16 * 4;
  const std::size_t said = read_u16(bytes, 2);
  const std::size_t end = said != 0 ? said : wire_length;
  if (header < kV4HeaderMin || end < header) return Decoded::Malformed;
  if (bytes[9] == kUdp && udp != nullptr && (read_u16(bytes, 6) & 0x3fff) == 0 && bytes.size() >= header) {
    udp->source = IpAddress::v4(bytes.subspan<12, 4>());
    udp->destination = IpAddress::v4(bytes.subspan<16, 4>());
    return decode_udp(bytes.first(std::min(bytes.size(), end)), header, *udp);
  }
  if (bytes[9] != kTcp) return Decoded::NotTcp;
  if ((read_u16(bytes, 6) & 0x1fff) != 0) return Decoded::LaterFragment;
  packet.source = IpAddress::v4(bytes.subspan<12, 4>());
  packet.destination = IpAddress::v4(bytes.subspan<16, 4>());
  packet.ip_id = read_u16(bytes, 4);
  return decode_tcp(bytes.first(std::min(bytes.size(), end)), header, end, packet);
}

enum class Next { Tcp, Extension, Fragment, Authentication, Other };

Next kind_of_next_header(std::uint8_t number) {
  switch (number) {
    case kTcp:
      return Next::Tcp;
    case 0:    // hop-by-hop options
    case 43:   // routing
    case 60:   // destination options
    case 135:  // mobility (RFC 6275)
    case 139:  // host identity (RFC 7401)
    case 140:  // shim6 (RFC 5533)
      return Next::Extension;
    case 44:
      return Next::Fragment;
    case 51:
      return Next::Authentication;
    default:
      return Next::Other;
  }
}

Decoded decode_v6(Bytes bytes, std::size_t wire_length, TcpPacket& packet, UdpPacket* udp) {
  if (bytes.size() < kV6Header) return Decoded::CutShort;
  const std::size_t said = read_u16(bytes, 4);
  const std::size_t end = said != 0 ? kV6Header + said : wire_length;
  if (end < kV6Header) return Decoded::Malformed;
  packet.source = IpAddress::v6(bytes.subspan<8, 16>());
  packet.destination = IpAddress::v6(bytes.subspan<24, 16>());
  if (packet.source.is_v4() || packet.destination.is_v4()) return Decoded::Malformed;
  bytes = bytes.first(std::min(bytes.size(), end));
  if (bytes[6] == kUdp && udp != nullptr) {  // queries carry no extension headers
    udp->source = packet.source;
    udp->destination = packet.destination;
    return decode_udp(bytes, kV6Header, *udp);
  }

  std::size_t at = kV6Header;
  Next next = kind_of_next_header(bytes[6]);
  for (int headers = 0; next != Next::Tcp; ++headers) {
    if (next == Next::Other) return Decoded::NotTcp;
    if (headers == kExtensionHeadersMax || end - at < 8) return Decoded::Malformed;
    if (bytes.size() - at < 8) return Decoded::CutShort;
    const Next following = kind_of_next_header(bytes[at]);
    std::size_t length = 8;
    if (next == Next::Fragment) {
      if ((read_u16(bytes, at + 2) & 0xfff8) != 0)
        return following == Next::Other ? Decoded::NotTcp : Decoded::LaterFragment;
    } else if (next == Next::Authentication) {
      length = (std::size_t{bytes[at + 1]} + 2) * 4;  // RFC 4302 section 2.2: in 4-byte units, minus 2
    } else {
      length = (std::size_t{bytes[at + 1]} + 1) * 8;
    }
    if (length > end - at) return Decoded::Malformed;
    if (length > bytes.size() - at) return Decoded::CutShort;
    at += length;
    next = following;
  }
  return decode_tcp(bytes, at, end, packet);
}

}  // namespace

Decoded decode_ip(std::span<const std::uint8_t> bytes, TcpPacket& out, std::size_t wire_length, UdpPacket* udp) {
  if (bytes.empty()) return Decoded::CutShort;
  wire_length = std::max(wire_length, bytes.size());
  TcpPacket packet;
  Decoded decoded = Decoded::Malformed;
  if (bytes[0] >> 4 == 4) decoded = decode_v4(bytes, wire_length, packet, udp);
  if (bytes[0] >> 4 == 6) decoded = decode_v6(bytes, wire_length, packet, udp);
  if (decoded == Decoded::Tcp) out = packet;
  return decoded;
}

std::string_view name_of(Decoded decoded) {
  switch (decoded) {
    case Decoded::Tcp:
      return "TCP";
    case Decoded::NotIp:
      return "not IP";
    case Decoded::NotTcp:
      return "not TCP";
    case Decoded::LaterFragment:
      return "later fragment";
    case Decoded::CutShort:
      return "cut short";
    case Decoded::Malformed:
      return "malformed";
    case Decoded::UnknownLink:
      return "unknown link type";
  }
  return "";
}

}  // namespace mailweir
