#include "tests/differential/packet_bytes.h"

#include <fmt/format.h>

#include <array>

namespace mailweir::rules::differential {
namespace {

void put16(Octets& to, std::uint32_t value) {
  to.push_back(static_cast<std::uint8_t>(value >> 8));
  to.push_back(static_cast<std::uint8_t>(value));
}
void put32(Octets& to, std::uint32_t value) { put16(to, value >> 16), put16(to, value & 0xffff); }

void put_address(Octets& to, const IpAddress& address) {
  std::array<std::uint8_t, 16> bytes{};
  address.write(bytes);
  to.insert(to.end(), bytes.begin() + (address.is_v4() ? 12 : 0), bytes.end());
}

std::uint32_t sum_of(std::span<const std::uint8_t> bytes, std::uint32_t sum = 0) {
  for (std::size_t i = 0; i < bytes.size(); i += 2)
    sum += static_cast<std::uint32_t>(bytes[i] << 8) + (i + 1 < bytes.size() ? bytes[i + 1] : 0U);
  return sum;
}
std::uint16_t folded(std::uint32_t sum) {
  while ((sum >> 16) != 0) sum = (sum & 0xffff) + (sum >> 16);
  return static_cast<std::uint16_t>(~sum);
}
void set16(Octets& bytes, std::size_t at, std::uint16_t value) {
  bytes[at] = static_cast<std::uint8_t>(value >> 8);
  bytes[at + 1] = static_cast<std::uint8_t>(value);
}

// RFC 793: data offset in words; options padded.
Octets tcp_options(const TcpOptions& options) {
  Octets out;
  if (options.window_scale) out.insert(out.end(), {3, 3, *options.window_scale, 1});
  if (options.selective_ack) out.insert(out.end(), {4, 2, 1, 1});
  return out;
}

Octets transport(const SimulatedPacket& packet) {
  const PacketValues& values = packet.values;
  Octets out;
  switch (packet.protocol()) {
    case kTcp: {
      const Octets options = tcp_options(packet.options);
      put16(out, values.number<std::uint32_t>(Field::SourcePort));
      put16(out, values.number<std::uint32_t>(Field::DestinationPort));
      put32(out, values.number<std::uint32_t>(Field::TcpSequence));
      put32(out, values.number<std::uint32_t>(Field::TcpAcknowledgement));
      out.push_back(static_cast<std::uint8_t>((5 + options.size() / 4) << 4));
      out.push_back(values.number<std::uint8_t>(Field::TcpFlags));
      put16(out, values.number<std::uint32_t>(Field::TcpWindow));
      put32(out, 0);
      out.insert(out.end(), options.begin(), options.end());
      out.resize(out.size() + packet.payload, 'x');
      break;
    }
    case kUdp: {
      const std::uint32_t length = values.number<std::uint32_t>(Field::Length) - (packet.is_v4() ? 20 : 40);
      put16(out, values.number<std::uint32_t>(Field::SourcePort));
      put16(out, values.number<std::uint32_t>(Field::DestinationPort));
      put16(out, length);
      put16(out, 0);
      out.resize(length, 'x');
      break;
    }
    default:
      put16(out, values.number<std::uint32_t>(Field::IcmpTypeCode));
      put16(out, 0);
      put16(out, packet.icmp_id);
      put16(out, 1);
      if (!packet.quoted) out.resize(values.number<std::uint32_t>(Field::Length) - (packet.is_v4() ? 20 : 40));
      if (packet.quoted) {
        // Enough of the packet it is about: headers and eight bytes (RFC 792), more of IPv6.
        SimulatedPacket about = packet.quoted->protocol == kTcp
                                    ? tcp_packet(packet.quoted->source, packet.quoted->source_port,
                                                 packet.quoted->destination, packet.quoted->destination_port, 2)
                                    : udp_packet(packet.quoted->source, packet.quoted->source_port,
                                                 packet.quoted->destination, packet.quoted->destination_port);
        const Octets inner = ip_bytes(about);
        out.insert(out.end(), inner.begin(), inner.end());
      }
  }
  return out;
}

constexpr std::size_t checksum_at(std::uint8_t protocol) { return protocol == kTcp ? 16 : protocol == kUdp ? 6 : 2; }

std::uint32_t at32(std::span<const std::uint8_t> bytes, std::size_t at) {
  return std::uint32_t{bytes[at]} << 24 | std::uint32_t{bytes[at + 1]} << 16 | std::uint32_t{bytes[at + 2]} << 8 |
         bytes[at + 3];
}
std::uint32_t at16(std::span<const std::uint8_t> bytes, std::size_t at) {
  return std::uint32_t{bytes[at]} << 8 | bytes[at + 1];
}

std::string line(std::string_view protocol, const IpAddress& source, const IpAddress& destination, std::uint32_t ttl,
                 const std::string& rest) {
  return fmt::format("{} {} > {} ttl {} {}", protocol, source.text(), destination.text(), ttl, rest);
}

std::string tcp_rest(std::uint32_t source, std::uint32_t destination, std::uint8_t flags, std::uint32_t sequence,
                     std::uint32_t acknowledgement) {
  // Which number an open port begins with is the kernel's secret.
  const bool greeting = (flags & 0x12) == 0x12;
  return fmt::format("{} > {} {} seq {} ack {}", source, destination, flags_text(flags), greeting ? 0 : sequence,
                     (flags & 0x10) != 0 ? acknowledgement : 0);
}

}  // namespace

Octets ip_bytes(const SimulatedPacket& packet) {
  const PacketValues& values = packet.values;
  Octets payload = transport(packet);
  const bool v4 = packet.is_v4();
  const IpAddress source = values.address(Field::SourceAddress),
                  destination = values.address(Field::DestinationAddress);
  Octets out;
  if (v4) {
    put16(out, 0x4500 | values.number<std::uint32_t>(Field::Dscp) << 2);
    put16(out, static_cast<std::uint32_t>(20 + payload.size()));
    put32(out, 0x00014000);
    out.push_back(values.number<std::uint8_t>(Field::Ttl));
    out.push_back(packet.protocol());
    put16(out, 0);
    put_address(out, source);
    put_address(out, destination);
    set16(out, 10, folded(sum_of(out)));
  } else {
    put32(out, 0x60000000 | values.number<std::uint32_t>(Field::Dscp) << 22);
    put16(out, static_cast<std::uint32_t>(payload.size()));
    out.push_back(packet.protocol());
    out.push_back(values.number<std::uint8_t>(Field::Ttl));
    put_address(out, source);
    put_address(out, destination);
  }
  std::uint32_t sum = 0;
  if (packet.protocol() != kIcmp) {
    Octets pseudo;
    put_address(pseudo, source);
    put_address(pseudo, destination);
    put32(pseudo, static_cast<std::uint32_t>(payload.size()));
    put32(pseudo, packet.protocol());
    sum = sum_of(pseudo);
  }
  std::uint16_t checksum = folded(sum_of(payload, sum));
  // 0 would say that there is none (RFC 768), which IPv6 forbids.
  if (packet.protocol() == kUdp && checksum == 0) checksum = 0xffff;
  if (packet.bad_checksum) checksum = static_cast<std::uint16_t>(checksum ^ 0x5555);
  set16(payload, checksum_at(packet.protocol()), checksum);
  out.insert(out.end(), payload.begin(), payload.end());
  return out;
}

std::string emitted_line(const SimulatedPacket& packet) {
  const PacketValues& values = packet.values;
  const auto number = [&](Field field) { return values.number<std::uint32_t>(field); };
  const IpAddress source = values.address(Field::SourceAddress),
                  destination = values.address(Field::DestinationAddress);
  switch (packet.protocol()) {
    case kTcp:
      return line("tcp", source, destination, number(Field::Ttl),
                  tcp_rest(number(Field::SourcePort), number(Field::DestinationPort),
                           values.number<std::uint8_t>(Field::TcpFlags), number(Field::TcpSequence),
                           number(Field::TcpAcknowledgement)));
    case kUdp:
      return line("udp", source, destination, number(Field::Ttl),
                  fmt::format("{} > {}", number(Field::SourcePort), number(Field::DestinationPort)));
    default:
      return line("icmp", source, destination, number(Field::Ttl),
                  fmt::format("{}/{}", number(Field::IcmpTypeCode) >> 8, number(Field::IcmpTypeCode) & 0xff));
  }
}

std::optional<std::string> emitted_line(std::span<const std::uint8_t> ip) {
  if (ip.size() < 28) return std::nullopt;
  const bool v4 = ip[0] >> 4 == 4;
  if (!v4 && (ip[0] >> 4 != 6 || ip.size() < 48)) return std::nullopt;
  const IpAddress source = v4 ? IpAddress::v4(at32(ip, 12)) : IpAddress::v6(ip.subspan<8, 16>());
  const IpAddress destination = v4 ? IpAddress::v4(at32(ip, 16)) : IpAddress::v6(ip.subspan<24, 16>());
  const std::uint8_t protocol = v4 ? ip[9] : ip[6];
  const std::uint32_t ttl = v4 ? ip[8] : ip[7];
  const auto body = ip.subspan(v4 ? 20 : 40);
  if (protocol == kTcp && body.size() >= 20)
    return line("tcp", source, destination, ttl,
                tcp_rest(at16(body, 0), at16(body, 2), body[13], at32(body, 4), at32(body, 8)));
  if (protocol == kUdp)
    return line("udp", source, destination, ttl, fmt::format("{} > {}", at16(body, 0), at16(body, 2)));
  if (protocol == kIcmp || protocol == kIcmp6)
    return line("icmp", source, destination, ttl, fmt::format("{}/{}", body[0], body[1]));
  return std::nullopt;
}

}  // namespace mailweir::rules::differential
