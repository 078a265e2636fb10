#include <algorithm>
#include <optional>

#include "packet/bytes.h"
#include "packet/decode.h"

namespace mailweir {
namespace {

// EtherTypes: IEEE registry.
constexpr std::uint16_t kEtherV4 = 0x0800, kEtherV6 = 0x86dd, kEtherPppoeSession = 0x8864;
constexpr std::uint16_t kEtherMpls = 0x8847, kEtherMplsMulticast = 0x8848;
constexpr std::uint16_t kEtherLengthMax = 1500;  // up to here the field is an IEEE 802.3 length
constexpr std::uint16_t kSllLlc = 0x0004;        // ETH_P_802_2 of linux/if_ether.h: an LLC header follows
constexpr std::uint16_t kPppV4 = 0x0021, kPppV6 = 0x0057;

constexpr bool is_vlan_tag(std::uint16_t type) {  // 802.1Q, 802.1ad, and the numbers used for QinQ before it
  return type == 0x8100 || type == 0x88a8 || type == 0x9100 || type == 0x9200 || type == 0x9300;
}

// What is left of a frame: the bytes that were captured, and how many there were.
struct Rest {
  Bytes bytes;
  std::size_t wire;

  [[nodiscard]] bool has(std::size_t count) const { return bytes.size() >= count; }
  void skip(std::size_t count) {  // REQUIRES: has(count)
    bytes = bytes.subspan(count);
    wire -= count;
  }
  void keep(std::size_t count) {  // drops what a length field says is padding
    bytes = bytes.first(std::min(bytes.size(), count));
    wire = std::min(wire, count);
  }
};

// The IP packet in it, or why there is none.
struct Found {
  Found(Decoded reason) : why(reason) {}  // NOLINT(google-explicit-constructor): so that a reason can be returned
  Found(Rest rest) : ip(rest) {}          // NOLINT(google-explicit-constructor)
  std::optional<Rest> ip;
  Decoded why = Decoded::NotIp;
};

Found find_version(Rest rest, int version) {
  if (!rest.has(1)) return Decoded::CutShort;
  if (rest.bytes[0] >> 4 != version) return Decoded::Malformed;
  return rest;
}

Found find_ppp_protocol(Rest rest) {
  if (!rest.has(2)) return Decoded::CutShort;
  const bool compressed = rest.bytes[0] % 2 == 1;  // RFC 1661 section 6.5: the low byte is odd, the high one even
  const std::uint16_t protocol = compressed ? rest.bytes[0] : read_u16(rest.bytes, 0);
  rest.skip(compressed ? 1 : 2);
  if (protocol == kPppV4) return find_version(rest, 4);
  if (protocol == kPppV6) return find_version(rest, 6);
  return Decoded::NotIp;
}

Found find_ppp(Rest rest) {
  if (rest.has(2) && rest.bytes[0] == 0xff && rest.bytes[1] == 0x03) rest.skip(2);  // RFC 1662: address, control
  return find_ppp_protocol(rest);
}

Found find_pppoe(Rest rest) {  // RFC 2516 section 4
  if (!rest.has(6)) return Decoded::CutShort;
  if (rest.bytes[0] != 0x11) return Decoded::Malformed;
  if (rest.bytes[1] != 0) return Decoded::NotIp;  // discovery
  const std::size_t length = read_u16(rest.bytes, 4);
  rest.skip(6);
  if (length != 0) rest.keep(length);
  return find_ppp_protocol(rest);
}

Found find_mpls(Rest rest) {  // RFC 3032: IP follows the bottom of the stack, or something unnamed
  for (bool bottom = false; !bottom;) {
    if (!rest.has(4)) return Decoded::CutShort;
    bottom = (rest.bytes[2] & 1) != 0;
    rest.skip(4);
  }
  if (!rest.has(1)) return Decoded::CutShort;
  const int version = rest.bytes[0] >> 4;
  return version == 4 || version == 6 ? Found(rest) : Decoded::NotIp;
}

Found find_ether_type(std::uint16_t type, Rest rest);

Found find_llc(Rest rest) {  // RFC 1042: SNAP with an EtherType, anything else is not IP
  constexpr std::uint8_t kSnap[] = {0xaa, 0xaa, 0x03, 0, 0, 0};
  if (!rest.has(8)) return Decoded::CutShort;
  if (!std::equal(std::begin(kSnap), std::end(kSnap), rest.bytes.begin())) return Decoded::NotIp;
  const std::uint16_t type = read_u16(rest.bytes, 6);
  rest.skip(8);
  return type > kEtherLengthMax ? find_ether_type(type, rest) : Decoded::NotIp;
}

Found find_ether_type(std::uint16_t type, Rest rest) {
  while (is_vlan_tag(type)) {
    if (!rest.has(4)) return Decoded::CutShort;
    type = read_u16(rest.bytes, 2);
    rest.skip(4);
  }
  if (type <= kEtherLengthMax) return find_llc(rest);
  switch (type) {
    case kEtherV4:
      return find_version(rest, 4);
    case kEtherV6:
      return find_version(rest, 6);
    case kEtherPppoeSession:
      return find_pppoe(rest);
    case kEtherMpls:
    case kEtherMplsMulticast:
      return find_mpls(rest);
    default:
      return Decoded::NotIp;
  }
}

// A header of `header` bytes with the EtherType at `type_at`.
Found find_typed(Rest rest, std::size_t header, std::size_t type_at) {
  if (!rest.has(header)) return Decoded::CutShort;
  const std::uint16_t type = read_u16(rest.bytes, type_at);
  rest.skip(header);
  return find_ether_type(type, rest);
}

Found find_sll(Rest rest, std::size_t header, std::size_t type_at) {
  if (!rest.has(header)) return Decoded::CutShort;
  const std::uint16_t type = read_u16(rest.bytes, type_at);
  if (type <= kEtherLengthMax && type != kSllLlc) return Decoded::NotIp;  // small numbers name other kinds of frame
  return find_typed(rest, header, type_at);
}

// An address family in four bytes, in the byte order of whoever wrote the file (LINKTYPE_NULL) or the network's (LOOP).
Found find_loopback(Rest rest) {
  if (!rest.has(4)) return Decoded::CutShort;
  std::uint32_t family = read_u32(rest.bytes, 0);
  if (family > 0xffff) family = __builtin_bswap32(family);
  rest.skip(4);
  switch (family) {
    case 2:  // AF_INET everywhere
      return find_version(rest, 4);
    case 10:  // AF_INET6: Linux; NetBSD and OpenBSD; FreeBSD; macOS
    case 24:
    case 28:
    case 30:
      return find_version(rest, 6);
    default:
      return Decoded::NotIp;
  }
}

Found find_cisco_hdlc(Rest rest) { return find_typed(rest, 4, 2); }

Found find_ppp_hdlc(Rest rest) {  // RFC 1547; 0x0f and 0x8f: Cisco's own framing on the same line
  const bool cisco = rest.has(1) && (rest.bytes[0] == 0x0f || rest.bytes[0] == 0x8f);
  return cisco ? find_cisco_hdlc(rest) : find_ppp(rest);
}

// Attributes as linux/netfilter/nfnetlink_log.h has them; libpcap puts their lengths and types into this machine's
// order.
Found find_nflog(Rest rest) {
  constexpr std::uint16_t kPayload = 9, kTypeMask = 0x7fff;
  constexpr std::size_t kHeader = 4;
  if (!rest.has(kHeader)) return Decoded::CutShort;
  if (rest.bytes[1] != 0) return Decoded::Malformed;  // version
  rest.skip(kHeader);
  while (rest.has(kHeader)) {
    const auto host_u16 = [&](std::size_t at) {
      return std::uint16_t{__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
                               ? static_cast<std::uint16_t>(rest.bytes[at] | rest.bytes[at + 1] << 8)
                               : read_u16(rest.bytes, at)};
    };
    const std::size_t length = host_u16(0);
    const std::uint16_t type = host_u16(2) & kTypeMask;
    if (length < kHeader) return Decoded::Malformed;
    if (type == kPayload) {
      rest.keep(length);
      rest.skip(kHeader);
      return rest;
    }
    const std::size_t padded = (length + 3) / 4 * 4;
    if (!rest.has(padded)) return Decoded::CutShort;
    rest.skip(padded);
  }
  return rest.wire == 0 ? Decoded::NotIp : Decoded::CutShort;
}

Found find_ip(int link_type, Rest rest) {
  switch (link_type) {  // numbers: tcpdump.org/linktypes.html
    case 0:             // NULL
    case 108:           // LOOP
      return find_loopback(rest);
    case 1:  // ETHERNET
      return find_typed(rest, 14, 12);
    case 9:  // PPP
      return find_ppp(rest);
    case 50:  // PPP_HDLC
      return find_ppp_hdlc(rest);
    case 51:  // PPP_ETHER
      return find_pppoe(rest);
    case 12:   // DLT_RAW of most systems
    case 14:   // DLT_RAW of OpenBSD
    case 101:  // RAW
      return rest;
    case 104:  // C_HDLC
      return find_cisco_hdlc(rest);
    case 113:  // LINUX_SLL
      return find_sll(rest, 16, 14);
    case 228:  // IPV4
      return find_version(rest, 4);
    case 229:  // IPV6
      return find_version(rest, 6);
    case 239:  // NFLOG
      return find_nflog(rest);
    case 276:  // LINUX_SLL2
      return find_sll(rest, 20, 0);
    default:
      return Decoded::UnknownLink;
  }
}

}  // namespace

Decoded decode_frame(int link_type, std::span<const std::uint8_t> bytes, TcpPacket& out, std::size_t wire_length,
                     UdpPacket* udp) {
  const Found found = find_ip(link_type, {bytes, std::max(wire_length, bytes.size())});
  return found.ip ? decode_ip(found.ip->bytes, out, found.ip->wire, udp) : found.why;
}

std::optional<IpBytes> ip_of_frame(int link_type, std::span<const std::uint8_t> bytes, std::size_t wire_length,
                                   Decoded& why_not) {
  const Found found = find_ip(link_type, {bytes, std::max(wire_length, bytes.size())});
  why_not = found.why;
  if (!found.ip) return std::nullopt;
  return IpBytes{found.ip->bytes, found.ip->wire};
}

}  // namespace mailweir
