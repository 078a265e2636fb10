// One packet as rules see it: a value per field of ruleset/field.h, each known, absent or unknown.
//
// Unknown means: the person who asks did not say ("DST=108.162.[edited]"). Everything of the kernel's own working is
// known or follows from the machine's description.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>

#include "base/ip.h"
#include "ruleset/field.h"

namespace mailweir::rules {

enum class Knowledge : std::uint8_t { Known, Absent, Unknown };

// Invariant: the value of a field that is not Known is 0.
class PacketValues {
 public:
  // Everything unknown.
  PacketValues() = default;

  void set(Field field, FieldValue value) {
    values_[index_of(field)] = value;
    known_ |= bit_of(field);
    absent_ &= ~bit_of(field);
  }
  void set(Field field, const IpAddress& address) { set(field, address_value(address)); }
  void set_absent(Field field) { forget(field), absent_ |= bit_of(field); }
  void set_unknown(Field field) { forget(field), absent_ &= ~bit_of(field); }

  [[nodiscard]] bool is_known(Field field) const { return (known_ & bit_of(field)) != 0; }
  [[nodiscard]] Knowledge knowledge_of(Field field) const {
    if (is_known(field)) return Knowledge::Known;
    return (absent_ & bit_of(field)) != 0 ? Knowledge::Absent : Knowledge::Unknown;
  }
  // Of any field.
  [[nodiscard]] bool has_unknown() const { return (known_ | absent_) != bit_of(static_cast<Field>(kFieldCount)) - 1; }
  // 0 where it is not known.
  [[nodiscard]] FieldValue value(Field field) const { return values_[index_of(field)]; }
  template <typename Number>
  [[nodiscard]] Number number(Field field) const {
    return static_cast<Number>(value(field));
  }
  [[nodiscard]] IpAddress address(Field field) const { return address_of(value(field)); }
  // Copies what is said of `from` in `other` to `to` here.
  void copy(Field to, const PacketValues& other, Field from);

 private:
  static constexpr std::size_t index_of(Field field) { return static_cast<std::size_t>(field); }
  static constexpr std::uint64_t bit_of(Field field) { return std::uint64_t{1} << static_cast<unsigned>(field); }
  void forget(Field field) {
    values_[index_of(field)] = 0;
    known_ &= ~bit_of(field);
  }

  static_assert(kFieldCount < 64, "known_ and absent_ hold a bit per field");
  std::array<FieldValue, kFieldCount> values_{};
  std::uint64_t known_ = 0, absent_ = 0;
};

// The packet an ICMP error quotes, as far as connection tracking reads it.
struct QuotedPacket {
  IpAddress source, destination;
  std::uint8_t protocol = 0;
  std::uint16_t source_port = 0, destination_port = 0;  // of ICMP: the identifier, and type * 256 + code
};

// What conntrack reads of TCP options (RFC 7323, RFC 2018); only those of SYN and SYN-ACK count.
struct TcpOptions {
  std::optional<std::uint8_t> window_scale;
  bool selective_ack = false;
};

struct SimulatedPacket {
  PacketValues values;
  std::uint32_t payload = 0;  // bytes behind the TCP header
  std::uint16_t icmp_id = 0;  // of echo, timestamp and their like
  TcpOptions options;         //
  std::optional<QuotedPacket> quoted;
  bool bad_checksum = false;  // of the transport; counts for arriving packets only (nf_conntrack_checksum)
  // The person says what conntrack made of it; then nothing is looked up or remembered.
  std::optional<ConnectionState> asserted_state;

  [[nodiscard]] std::uint8_t protocol() const { return values.number<std::uint8_t>(Field::Protocol); }
  [[nodiscard]] bool is_v4() const { return values.value(Field::Family) == 2; }
};

inline constexpr std::uint8_t kIcmp = 1, kTcp = 6, kUdp = 17, kIcmp6 = 58;  // IANA protocol numbers

// Packets as programs send them: TTL 64, no mark, no options, interfaces not set (0), no socket, no connection yet.
[[nodiscard]] SimulatedPacket tcp_packet(IpAddress source, std::uint16_t source_port, IpAddress destination,
                                         std::uint16_t destination_port, std::uint8_t flags);
[[nodiscard]] SimulatedPacket udp_packet(IpAddress source, std::uint16_t source_port, IpAddress destination,
                                         std::uint16_t destination_port, std::uint16_t payload = 0);
// ICMP or ICMPv6 by the addresses' family.
[[nodiscard]] SimulatedPacket icmp_packet(IpAddress source, IpAddress destination, std::uint8_t type, std::uint8_t code,
                                          std::uint16_t id = 0);

// "tcp 192.0.2.7:50000 > 203.0.113.9:25 syn": what a trace shows; unknown values as "?".
[[nodiscard]] std::string packet_text(const SimulatedPacket& packet);
// "syn,ack"; "none".
[[nodiscard]] std::string flags_text(std::uint8_t flags);

}  // namespace mailweir::rules
