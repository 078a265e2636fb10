// Builds the bytes of packets and captures for tests, header by header, so that a test says what it feeds.
#pragma once

#include <array>
#include <cstdint>
#include <initializer_list>
#include <span>
#include <string>
#include <vector>

#include "base/ip.h"
#include "base/time.h"

namespace mailweir::test {

using Octets = std::vector<std::uint8_t>;

inline void put8(Octets& to, unsigned value) { to.push_back(static_cast<std::uint8_t>(value)); }
inline void put16(Octets& to, unsigned value) {
  put8(to, value >> 8 & 0xff);
  put8(to, value & 0xff);
}
inline void put32(Octets& to, std::uint32_t value) {
  put16(to, value >> 16);
  put16(to, value & 0xffff);
}
// What pcap files and NFLOG attributes carry on the machines this is tested on.
inline void put16_little(Octets& to, unsigned value) {
  put8(to, value & 0xff);
  put8(to, value >> 8 & 0xff);
}
inline void put32_little(Octets& to, std::uint32_t value) {
  put16_little(to, value & 0xffff);
  put16_little(to, value >> 16);
}
inline void append(Octets& to, const Octets& more) { to.insert(to.end(), more.begin(), more.end()); }
inline void put_address(Octets& to, IpAddress address) {
  std::array<std::uint8_t, 16> bytes{};
  address.write(bytes);
  to.insert(to.end(), bytes.begin() + (address.is_v4() ? 12 : 0), bytes.end());
}
inline IpAddress ip(const char* text) { return IpAddress::parse(text).value(); }

struct Tcp {
  const char* from = "172.16.0.7";
  const char* to = "198.51.100.9";
  std::uint16_t from_port = 40000, to_port = 25;
  std::uint32_t sequence = 1000, acknowledgement = 0;
  std::uint8_t flags = 0x02;
  std::size_t payload = 0;
  std::uint16_t ip_id = 77;
  std::size_t options = 0;  // bytes, a multiple of 4
};

inline Octets tcp_segment(const Tcp& tcp) {
  Octets out;
  put16(out, tcp.from_port);
  put16(out, tcp.to_port);
  put32(out, tcp.sequence);
  put32(out, tcp.acknowledgement);
  put8(out, static_cast<unsigned>((20 + tcp.options) / 4) << 4);
  put8(out, tcp.flags);
  put16(out, 64240);  // window
  put32(out, 0);      // checksum, urgent
  out.resize(out.size() + tcp.options, 1);
  out.resize(out.size() + tcp.payload, 'x');
  return out;
}

inline Octets v4_packet(IpAddress from, IpAddress to, unsigned protocol, const Octets& content, unsigned ip_id = 77,
                        unsigned fragment = 0) {
  Octets out{0x45, 0};
  put16(out, static_cast<unsigned>(20 + content.size()));
  put16(out, ip_id);
  put16(out, fragment);
  put8(out, 64);
  put8(out, protocol);
  put16(out, 0);  // checksum
  put_address(out, from);
  put_address(out, to);
  append(out, content);
  return out;
}

inline Octets v6_packet(IpAddress from, IpAddress to, unsigned next_header, const Octets& content) {
  Octets out{0x60, 0, 0, 0};
  put16(out, static_cast<unsigned>(content.size()));
  put8(out, next_header);
  put8(out, 64);
  put_address(out, from);
  put_address(out, to);
  append(out, content);
  return out;
}

inline Octets ip_packet(const Tcp& tcp) {
  const IpAddress from = ip(tcp.from);
  const Octets segment = tcp_segment(tcp);
  return from.is_v4() ? v4_packet(from, ip(tcp.to), 6, segment, tcp.ip_id) : v6_packet(from, ip(tcp.to), 6, segment);
}

// An EtherType for each byte of version: 0x0800 or 0x86dd.
inline unsigned ether_type_of(const Octets& packet) { return packet[0] >> 4 == 4 ? 0x0800 : 0x86dd; }

// Two MAC addresses, `tags` (EtherTypes of VLAN tags, outermost first), a type, the content.
inline Octets ethernet(const Octets& content, unsigned type, std::initializer_list<unsigned> tags = {}) {
  Octets out(12, 0xee);
  for (const unsigned tag : tags) {
    put16(out, tag);
    put16(out, 100);  // VLAN id
  }
  put16(out, type);
  append(out, content);
  return out;
}
inline Octets ethernet(const Tcp& tcp) {
  const Octets packet = ip_packet(tcp);
  return ethernet(packet, ether_type_of(packet));
}

inline Octets pppoe(const Octets& packet) {
  Octets out{0x11, 0, 0, 9};
  put16(out, static_cast<unsigned>(packet.size() + 2));
  put16(out, packet[0] >> 4 == 4 ? 0x0021 : 0x0057);
  append(out, packet);
  return out;
}

inline Octets nflog_attribute(unsigned type, const Octets& value) {
  Octets out;
  put16_little(out, static_cast<unsigned>(4 + value.size()));
  put16_little(out, type);
  append(out, value);
  out.resize((out.size() + 3) / 4 * 4);
  return out;
}

// A pcap file in little-endian byte order.
class PcapBuilder {
 public:
  explicit PcapBuilder(std::uint32_t link_type, bool nanoseconds = false, std::uint32_t snap_length = 262144)
      : nanoseconds_(nanoseconds), snap_length_(snap_length) {
    put32_little(bytes_, nanoseconds ? 0xa1b23c4d : 0xa1b2c3d4);
    put16_little(bytes_, 2);
    put16_little(bytes_, 4);
    put32_little(bytes_, 0);
    put32_little(bytes_, 0);
    put32_little(bytes_, snap_length);
    put32_little(bytes_, link_type);
  }

  PcapBuilder& add(Time time, const Octets& frame) {
    const auto micros = time.time_since_epoch().count();
    const std::size_t captured = std::min<std::size_t>(frame.size(), snap_length_);
    put32_little(bytes_, static_cast<std::uint32_t>(micros / 1'000'000));
    put32_little(bytes_, static_cast<std::uint32_t>(micros % 1'000'000 * (nanoseconds_ ? 1000 : 1)));
    put32_little(bytes_, static_cast<std::uint32_t>(captured));
    put32_little(bytes_, static_cast<std::uint32_t>(frame.size()));
    bytes_.insert(bytes_.end(), frame.begin(), frame.begin() + static_cast<std::ptrdiff_t>(captured));
    return *this;
  }

  [[nodiscard]] const Octets& bytes() const { return bytes_; }

 private:
  Octets bytes_;
  bool nanoseconds_;
  std::uint32_t snap_length_;
};

// A pcapng file in little-endian byte order; times in microseconds.
class PcapngBuilder {
 public:
  PcapngBuilder() {
    Octets body;
    put32_little(body, 0x1a2b3c4d);
    put16_little(body, 1);
    put16_little(body, 0);
    body.resize(body.size() + 8, 0xff);  // section length: not given
    block(0x0a0d0d0a, body);
  }
  PcapngBuilder& interface(unsigned link_type) {
    Octets body;
    put16_little(body, link_type);
    put16_little(body, 0);
    put32_little(body, 262144);
    block(1, body);
    return *this;
  }
  PcapngBuilder& add(std::uint32_t interface, Time time, const Octets& frame) {
    const auto micros = static_cast<std::uint64_t>(time.time_since_epoch().count());
    Octets body;
    put32_little(body, interface);
    put32_little(body, static_cast<std::uint32_t>(micros >> 32));
    put32_little(body, static_cast<std::uint32_t>(micros));
    put32_little(body, static_cast<std::uint32_t>(frame.size()));
    put32_little(body, static_cast<std::uint32_t>(frame.size()));
    append(body, frame);
    body.resize((body.size() + 3) / 4 * 4);
    block(6, body);
    return *this;
  }
  [[nodiscard]] const Octets& bytes() const { return bytes_; }

 private:
  void block(std::uint32_t type, const Octets& body) {
    const auto length = static_cast<std::uint32_t>(body.size() + 12);
    put32_little(bytes_, type);
    put32_little(bytes_, length);
    append(bytes_, body);
    put32_little(bytes_, length);
  }
  Octets bytes_;
};

}  // namespace mailweir::test
