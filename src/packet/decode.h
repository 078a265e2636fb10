// Bytes -> TCP header; of UDP, ports and payload for who asks. One decoder for captures, NFLOG and replayed packets.
//
// In:  bytes somebody else wrote: any length, any content.   Out: the fields below, or why there are none.
// Invariants: never reads past `bytes`; takes time linear in its length; `out` is untouched unless the answer is Tcp.
// Does not know: what a tunnel carries (GRE, IP in IP, ESP, VXLAN); the last stop of a routing header; checksums.
// Sources: RFC 791, RFC 8200 (IPv6 extension headers), RFC 4302 (AH), RFC 9293; link types: docs/sources.md#linktypes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "base/ip.h"

namespace mailweir {

struct TcpPacket {
  IpAddress source, destination;
  std::uint16_t source_port = 0, destination_port = 0;
  std::uint32_t sequence = 0, acknowledgement = 0;
  std::uint32_t payload = 0;  // from the IP lengths, whatever the snap length cut; of a first fragment: its own
  std::uint16_t ip_id = 0;    // IPv4 only
  std::uint8_t flags = 0;     // tcp_flag of record/packet_sighting.h
};

// Of UDP, for who wants to look into it (ingest/mx_query.h).
struct UdpPacket {
  IpAddress source, destination;
  std::uint16_t source_port = 0, destination_port = 0;
  std::span<const std::uint8_t> payload;  // as much of it as was captured
};

enum class Decoded : std::uint8_t {
  Tcp,
  NotIp,          // ARP, LLDP, ...
  NotTcp,         // another protocol on IP
  LaterFragment,  // a fragment without the TCP header
  CutShort,       // the snap length ends before the TCP flags do
  Malformed,      // lengths or versions contradict each other; an IPv4-mapped IPv6 address
  UnknownLink,    // a link type we do not read
};
inline constexpr std::size_t kDecodedCount = 7;
[[nodiscard]] std::string_view name_of(Decoded decoded);

// `bytes`: from the first byte of the IP header. What follows the packet's own length (padding) is ignored.
// `wire_length`: how long these bytes were before a snap length cut them; 0: not known, take bytes.size(). It counts
// only where the IP header says 0, as segmentation offload and jumbograms do. `udp`, when given, is filled where the
// answer is NotTcp because the packet is a whole one of UDP; else its ports stay 0.
[[nodiscard]] Decoded decode_ip(std::span<const std::uint8_t> bytes, TcpPacket& out, std::size_t wire_length = 0,
                                UdpPacket* udp = nullptr);

// `link_type`: a LINKTYPE_ value as files carry it, or the DLT_ value libpcap makes of it.
[[nodiscard]] Decoded decode_frame(int link_type, std::span<const std::uint8_t> bytes, TcpPacket& out,
                                   std::size_t wire_length = 0, UdpPacket* udp = nullptr);

// For who reads more of a packet than its TCP header (simulate/packet_from_bytes.h).
struct IpBytes {
  std::span<const std::uint8_t> bytes;  // from the first byte of the IP header, perhaps with padding behind
  std::size_t wire_length = 0;
};
// Nothing: no IP packet in it; `why_not` says so (NotIp, CutShort, Malformed, UnknownLink).
[[nodiscard]] std::optional<IpBytes> ip_of_frame(int link_type, std::span<const std::uint8_t> bytes,
                                                 std::size_t wire_length, Decoded& why_not);

}  // namespace mailweir
