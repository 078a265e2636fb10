// Everything of a packet that a rule can ask for: one list, so that a packet's value, a rule's set of values and a
// proof about both speak the same language.
//
// A value is an unsigned number of the field's width. What is no number by nature has one place that says which number
// it is, below: addresses, interface names, connection states.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/ip.h"
#include "ruleset/interval_set.h"

namespace mailweir::rules {

// ABSENT means: the packet has no such value (a port of an ICMP packet, the owner of a forwarded one). Then a match
// answers Match::when_absent, negated or not. Fields that are never absent say so.
enum class Field : std::uint8_t {
  // Of every packet
  Family,    // 2 IPv4, 10 IPv6 (NFPROTO_*); never absent
  Protocol,  // of the transport: 6 TCP, 17 UDP, 1 ICMP, 58 ICMPv6, …; IPv6: behind extension headers. Never absent
  InputInterface,   // interface_value(); 0 where there is none: output. Never absent
  OutputInterface,  // 0 where there is none: prerouting, input. Never absent
  PacketMark,       // never absent
  Length,           // of the IP packet with its header, in bytes; never absent
  PacketType,       // 0 to us, 1 broadcast, 2 multicast, 3 to another host (PACKET_*), 5 loopback; never absent
  Priority,         // never absent

  // Of the IP header
  SourceAddress,       // address_value(), both families; never absent
  DestinationAddress,  // never absent
  Ttl,                 // or hop limit; never absent
  Dscp,                // never absent
  Fragment,            // 1: a fragment that is not the first; always 0 where conntrack put packets together
  IpProtocol,          // the header's own field: `ip protocol`, `ip6 nexthdr`; never absent
  IpId,                // IPv6: absent
  FragmentOffset,      // of `ip frag-off`, flags and offset; IPv6: absent

  // Of the transport header; absent of later fragments
  SourcePort,       // TCP, UDP, UDP-Lite, SCTP, DCCP; else absent
  DestinationPort,  //
  TcpFlags,         // tcp_flag of record/packet_sighting.h: 1 FIN, 2 SYN, 4 RST, 8 PSH, 16 ACK, 32 URG, 64 ECE, 128 CWR
  TcpSequence,
  TcpAcknowledgement,
  TcpWindow,
  IcmpTypeCode,  // of ICMP and ICMPv6 (Protocol tells which): type * 256 + code

  // Of the frame; absent where it did not come in over Ethernet
  SourceMac,
  DestinationMac,

  // Of the connection. At priorities below -200 nothing is known of it: state INVALID, the others absent
  ConnectionState,      // connection_state_value(); never absent
  ConnectionStatus,     // IPS_* bits: 1 expected, 2 seen reply, 4 assured, 8 confirmed, 16 SNAT, 32 DNAT, …
  ConnectionMark,       //
  ConnectionDirection,  // 0 original, 1 reply
  ConnectionProtocol,
  OriginalSource,  // the tuple as the connection was opened
  OriginalDestination,
  OriginalSourcePort,
  OriginalDestinationPort,
  ReplySource,  // the tuple of its answers: shows address translation
  ReplyDestination,
  ReplySourcePort,
  ReplyDestinationPort,

  // Of the local socket; absent of packets without one: forwarded, arriving (almost always), made by the kernel
  SocketUser,
  SocketGroup,

  // What the routing table says of an address: RTN_* numbers (1 unicast, 2 local, 3 broadcast, 5 multicast, …)
  SourceType,
  DestinationType,
};
inline constexpr int kFieldCount = static_cast<int>(Field::DestinationType) + 1;

struct FieldInfo {
  Field field;
  int width;              // bits
  std::string_view name;  // for people: "destination port"
  std::string_view nft;   // as nft writes it after its dependencies: "tcp dport" is "dport"; empty: not in nft
};
[[nodiscard]] const FieldInfo& info_of(Field field);
[[nodiscard]] inline int width_of(Field field) { return info_of(field).width; }
[[nodiscard]] inline std::string_view name_of(Field field) { return info_of(field).name; }

enum class RuleFamily : std::uint8_t { Ip4, Ip6, Inet, Arp, Bridge, Netdev };
[[nodiscard]] std::string_view name_of(RuleFamily family);  // as nft says: "ip", "ip6", "inet", …

// An address of either family (address_value()), of the packet or of its connection.
[[nodiscard]] bool is_address(Field field);

// The values a packet can have that passes a table of that family: addresses of IPv4 in `ip`, of either family in
// `inet`. What is outside needs no rule; a proof starts here.
[[nodiscard]] IntervalSet domain_of(Field field, RuleFamily family);

// Addresses: the 128 bits of IpAddress, so IPv4 is ::ffff:a.b.c.d and the families never meet.
[[nodiscard]] constexpr FieldValue address_value(const IpAddress& address) {
  return (static_cast<FieldValue>(address.high) << 64) | address.low;
}
[[nodiscard]] constexpr IpAddress address_of(FieldValue value) {
  return {static_cast<std::uint64_t>(value >> 64), static_cast<std::uint64_t>(value)};
}
[[nodiscard]] IntervalSet values_of(const IpPrefix& prefix);

// Interfaces: the name's bytes, first byte highest, zeros behind (IFNAMSIZ is 16 with the zero). So "eth+" is an
// interval, as it is in the kernel's own sets. The part past 15 bytes counts for nothing.
[[nodiscard]] FieldValue interface_value(std::string_view name);
[[nodiscard]] IntervalSet interfaces_beginning(std::string_view prefix);
[[nodiscard]] std::string interface_name(FieldValue value);

// States: exactly one of five, and whether the connection's addresses are translated (iptables counts SNAT and DNAT
// among the states).
enum class ConnectionState : std::uint8_t { Invalid, New, Established, Related, Untracked };
inline constexpr int kConnectionStates = 5;
[[nodiscard]] std::string_view name_of(ConnectionState state);  // "invalid", …
[[nodiscard]] constexpr FieldValue connection_state_value(ConnectionState state, bool snat = false, bool dnat = false) {
  return static_cast<unsigned>(state) + (snat ? 8U : 0U) + (dnat ? 16U : 0U);
}
[[nodiscard]] constexpr ConnectionState connection_state_of(FieldValue value) {
  return static_cast<ConnectionState>(static_cast<unsigned>(value) & 7U);
}
// All values of that state, whatever is translated.
[[nodiscard]] IntervalSet values_of(ConnectionState state);

// For messages: "25", "192.0.2.7", "eth0", "established", "SYN,ACK".
[[nodiscard]] std::string value_text(Field field, FieldValue value);
// "25, 465, 587", "192.0.2.0/24", "eth*", "none"; at most `items_max`, then "…".
[[nodiscard]] std::string values_text(Field field, const IntervalSet& values, std::size_t items_max = 8);

}  // namespace mailweir::rules
