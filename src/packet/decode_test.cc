#include "packet/decode.h"

#include <gtest/gtest.h>

#include <memory>
#include <random>

#include "tests/support/packet_builder.h"

namespace mailweir {
namespace {

using namespace test;

constexpr Tcp kV6{.from = "2001:db8::7", .to = "2001:db8:9::9", .payload = 33};

// Decodes from a buffer of exactly that size, so that AddressSanitizer sees a read past its end.
Decoded decode_exactly(int link_type, std::span<const std::uint8_t> bytes, TcpPacket& out, std::size_t wire = 0) {
  const auto copy = std::make_unique<std::uint8_t[]>(bytes.size());
  std::copy(bytes.begin(), bytes.end(), copy.get());
  return decode_frame(link_type, {copy.get(), bytes.size()}, out, wire);
}

Decoded decode_packet(const Octets& bytes, TcpPacket& out) { return decode_exactly(101, bytes, out); }
Decoded outcome_of(const Octets& bytes) {
  TcpPacket out;
  return decode_packet(bytes, out);
}

Octets extended(const Octets& extension, unsigned first, const Tcp& tcp = kV6) {
  Octets content = extension;
  append(content, tcp_segment(tcp));
  return v6_packet(ip(tcp.from), ip(tcp.to), first, content);
}

TEST(DecodeIp, ReadsEveryFieldOfIpv4) {
  TcpPacket out;
  ASSERT_EQ(decode_packet(ip_packet({.sequence = 0xdeadbeef,
                                     .acknowledgement = 5,
                                     .flags = 0x18,
                                     .payload = 100,
                                     .ip_id = 513,
                                     .options = 12}),
                          out),
            Decoded::Tcp);
  EXPECT_EQ(out.source, ip("172.16.0.7"));
  EXPECT_EQ(out.destination, ip("198.51.100.9"));
  EXPECT_EQ(out.source_port, 40000);
  EXPECT_EQ(out.destination_port, 25);
  EXPECT_EQ(out.sequence, 0xdeadbeef);
  EXPECT_EQ(out.acknowledgement, 5U);
  EXPECT_EQ(out.payload, 100U);
  EXPECT_EQ(out.ip_id, 513);
  EXPECT_EQ(out.flags, 0x18);
}

TEST(DecodeIp, ReadsIpv6) {
  TcpPacket out;
  ASSERT_EQ(decode_packet(ip_packet(kV6), out), Decoded::Tcp);
  EXPECT_EQ(out.source, ip("2001:db8::7"));
  EXPECT_EQ(out.destination, ip("2001:db8:9::9"));
  EXPECT_EQ(out.payload, 33U);
  EXPECT_EQ(out.ip_id, 0);
}

TEST(DecodeIp, PayloadComesFromTheHeaderNotFromWhatWasCaptured) {
  Octets packet = ip_packet({.payload = 1000});
  TcpPacket out;
  const Octets cut(packet.begin(), packet.begin() + 34);  // 14 bytes of TCP: up to the flags
  ASSERT_EQ(decode_packet(cut, out), Decoded::Tcp);
  EXPECT_EQ(out.payload, 1000U);
  packet.resize(packet.size() + 6);  // padding of a short Ethernet frame
  ASSERT_EQ(decode_packet(packet, out), Decoded::Tcp);
  EXPECT_EQ(out.payload, 1000U);
}

TEST(DecodeIp, CutBeforeTheFlagsIsCutShort) {
  for (const Octets& packet : {ip_packet({}), ip_packet(kV6)}) {
    const std::size_t flags_end = (packet[0] >> 4 == 4 ? 20U : 40U) + 14;
    for (std::size_t length = 0; length < flags_end; ++length)
      EXPECT_EQ(outcome_of(Octets(packet.begin(), packet.begin() + static_cast<std::ptrdiff_t>(length))),
                Decoded::CutShort)
          << length;
  }
}

TEST(DecodeIp, LengthZeroTakesTheLengthOnTheWire) {
  for (Octets packet :
       {ip_packet({.payload = 5000}), ip_packet({.from = "fd16::1", .to = "fd17::1", .payload = 5000})}) {
    const std::size_t length_at = packet[0] >> 4 == 4 ? 2 : 4;
    packet[length_at] = packet[length_at + 1] = 0;
    TcpPacket out;
    ASSERT_EQ(decode_packet(packet, out), Decoded::Tcp);
    EXPECT_EQ(out.payload, 5000U);
    const Octets cut(packet.begin(), packet.begin() + 64);
    ASSERT_EQ(decode_exactly(101, cut, out, packet.size()), Decoded::Tcp);
    EXPECT_EQ(out.payload, 5000U);
  }
}

TEST(DecodeIp, OutIsUntouchedUnlessTcp) {
  TcpPacket out;
  out.source_port = 4711;
  EXPECT_EQ(decode_packet(v4_packet(ip("10.0.0.1"), ip("10.0.0.2"), 6, tcp_segment({}), 1, 100), out),
            Decoded::LaterFragment);
  EXPECT_EQ(out.source_port, 4711);
  EXPECT_FALSE(out.source.is_v4());
}

TEST(DecodeIp, OtherProtocolsAreNotTcp) {
  EXPECT_EQ(outcome_of(v4_packet(ip("10.0.0.1"), ip("10.0.0.2"), 17, Octets(8))), Decoded::NotTcp);
  EXPECT_EQ(outcome_of(v4_packet(ip("10.0.0.1"), ip("10.0.0.2"), 17, Octets(8), 1, 100)), Decoded::NotTcp);
  EXPECT_EQ(outcome_of(v6_packet(ip("fd16::1"), ip("fd16::2"), 58, Octets(8))), Decoded::NotTcp);
  EXPECT_EQ(outcome_of(v6_packet(ip("fd16::1"), ip("fd16::2"), 59, {})), Decoded::NotTcp);
}

TEST(DecodeIp, OnlyTheFirstFragmentHasTheHeader) {
  constexpr unsigned kMore = 0x2000;
  TcpPacket out;
  EXPECT_EQ(decode_packet(v4_packet(ip("10.0.0.1"), ip("10.0.0.2"), 6, tcp_segment({.payload = 40}), 1, kMore), out),
            Decoded::Tcp);
  EXPECT_EQ(out.payload, 40U);
  EXPECT_EQ(outcome_of(v4_packet(ip("10.0.0.1"), ip("10.0.0.2"), 6, Octets(60), 1, kMore | 1)), Decoded::LaterFragment);
  EXPECT_EQ(outcome_of(v4_packet(ip("10.0.0.1"), ip("10.0.0.2"), 6, Octets(12), 1, kMore)), Decoded::Malformed);
  EXPECT_EQ(outcome_of(extended({6, 0, 0, 1, 0, 0, 0, 9}, 44)), Decoded::Tcp);
  EXPECT_EQ(outcome_of(extended({6, 0, 0, 8, 0, 0, 0, 9}, 44)), Decoded::LaterFragment);
  EXPECT_EQ(outcome_of(extended({17, 0, 0, 8, 0, 0, 0, 9}, 44)), Decoded::NotTcp);
}

TEST(DecodeIp, WalksExtensionHeaders) {
  const Octets options(14, 0);
  for (const unsigned kind : {0U, 43U, 60U, 135U, 139U, 140U}) {
    Octets sixteen{6, 1};
    append(sixteen, options);
    TcpPacket out;
    ASSERT_EQ(decode_packet(extended(sixteen, kind), out), Decoded::Tcp) << kind;
    EXPECT_EQ(out.payload, 33U);
  }
  Octets chain{51, 0, 0, 0, 0, 0, 0, 0};                                                     // hop-by-hop, then
  append(chain, {44, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0});  // AH of 24 bytes, then
  append(chain, {6, 0, 0, 1, 0, 0, 0, 9});                                                   // a first fragment
  TcpPacket out;
  ASSERT_EQ(decode_packet(extended(chain, 0), out), Decoded::Tcp);
  EXPECT_EQ(out.destination_port, 25);
}

TEST(DecodeIp, ExtensionHeadersAreBounded) {
  const auto chain_of = [](int headers) {
    Octets chain;
    for (int i = 1; i < headers; ++i) append(chain, {60, 0, 0, 0, 0, 0, 0, 0});
    append(chain, {6, 0, 0, 0, 0, 0, 0, 0});
    return extended(chain, 60);
  };
  EXPECT_EQ(outcome_of(chain_of(16)), Decoded::Tcp);
  EXPECT_EQ(outcome_of(chain_of(17)), Decoded::Malformed);
}

TEST(DecodeIp, ContradictionsAreMalformed) {
  const auto changed = [](Octets packet, std::size_t at, unsigned value) {
    packet[at] = static_cast<std::uint8_t>(value);
    return packet;
  };
  EXPECT_EQ(outcome_of(changed(ip_packet({}), 0, 0x55)), Decoded::Malformed);   // version 5
  EXPECT_EQ(outcome_of(changed(ip_packet({}), 0, 0x44)), Decoded::Malformed);   // header of 16 bytes
  EXPECT_EQ(outcome_of(changed(ip_packet({}), 3, 19)), Decoded::Malformed);     // shorter than its header
  EXPECT_EQ(outcome_of(changed(ip_packet({}), 3, 39)), Decoded::Malformed);     // half a TCP header
  EXPECT_EQ(outcome_of(changed(ip_packet({}), 32, 0x40)), Decoded::Malformed);  // TCP header of 16 bytes
  EXPECT_EQ(outcome_of(changed(ip_packet({}), 32, 0xf0)), Decoded::Malformed);  // longer than the packet
  EXPECT_EQ(outcome_of(changed(ip_packet(kV6), 5, 19)), Decoded::Malformed);
  EXPECT_EQ(outcome_of(extended({6, 200, 0, 0, 0, 0, 0, 0}, 60)), Decoded::Malformed);  // extension past the end
}

TEST(DecodeIp, MappedAddressesOnTheWireAreMalformed) {
  const IpAddress fine = ip("2001:db8::1");
  Octets mapped(10, 0);
  append(mapped, {0xff, 0xff, 192, 0, 2, 1});
  for (const std::size_t at : {8U, 24U}) {
    Octets packet = v6_packet(fine, fine, 6, tcp_segment({}));
    std::copy(mapped.begin(), mapped.end(), packet.begin() + static_cast<std::ptrdiff_t>(at));
    EXPECT_EQ(outcome_of(packet), Decoded::Malformed);
  }
}

struct Framed {
  const char* name;
  int link_type;
  Octets (*frame)(const Octets& packet);
};

unsigned little_family(const Octets& packet, unsigned v6) { return packet[0] >> 4 == 4 ? 2U : v6; }

Octets with_type_at(std::size_t header, std::size_t at, const Octets& packet) {
  Octets out(header, 0);
  out[at] = static_cast<std::uint8_t>(ether_type_of(packet) >> 8);
  out[at + 1] = static_cast<std::uint8_t>(ether_type_of(packet) & 0xff);
  append(out, packet);
  return out;
}

Octets prefixed(Octets head, const Octets& packet) {
  append(head, packet);
  return head;
}

const Framed kFrames[] = {
    {"ethernet", 1, [](const Octets& p) { return ethernet(p, ether_type_of(p)); }},
    {"vlan", 1, [](const Octets& p) { return ethernet(p, ether_type_of(p), {0x8100}); }},
    {"qinq_ad", 1,
     [](const Octets& p) {
       return ethernet(p, ether_type_of(p), {0x88a8, 0x8100});
     }},
    {"qinq_9100", 1,
     [](const Octets& p) {
       return ethernet(p, ether_type_of(p), {0x9100, 0x8100});
     }},
    {"pppoe", 1, [](const Octets& p) { return ethernet(pppoe(p), 0x8864); }},
    {"vlan_pppoe", 1, [](const Octets& p) { return ethernet(pppoe(p), 0x8864, {0x8100}); }},
    {"mpls", 1,
     [](const Octets& p) {
       return ethernet(prefixed({0, 1, 0, 64, 0, 2, 1, 64}, p), 0x8847);
     }},
    {"snap", 1,
     [](const Octets& p) {
       return ethernet(prefixed({0xaa, 0xaa, 3, 0, 0, 0}, with_type_at(2, 0, p)), static_cast<unsigned>(p.size() + 8));
     }},
    {"raw", 101, [](const Octets& p) { return p; }},
    {"raw_12", 12, [](const Octets& p) { return p; }},
    {"raw_14", 14, [](const Octets& p) { return p; }},
    {"sll", 113, [](const Octets& p) { return with_type_at(16, 14, p); }},
    {"sll2", 276, [](const Octets& p) { return with_type_at(20, 0, p); }},
    {"null_little", 0,
     [](const Octets& p) {
       Octets out;
       put32_little(out, little_family(p, 30));
       return prefixed(out, p);
     }},
    {"null_big", 0,
     [](const Octets& p) {
       Octets out;
       put32(out, little_family(p, 28));
       return prefixed(out, p);
     }},
    {"loop", 108,
     [](const Octets& p) {
       Octets out;
       put32(out, little_family(p, 24));
       return prefixed(out, p);
     }},
    {"ppp", 9,
     [](const Octets& p) {
       return prefixed({0, p[0] >> 4 == 4 ? std::uint8_t{0x21} : std::uint8_t{0x57}}, p);
     }},
    {"ppp_framed", 9,
     [](const Octets& p) {
       return prefixed({0xff, 3, 0, p[0] >> 4 == 4 ? std::uint8_t{0x21} : std::uint8_t{0x57}}, p);
     }},
    {"ppp_compressed", 9,
     [](const Octets& p) { return prefixed({p[0] >> 4 == 4 ? std::uint8_t{0x21} : std::uint8_t{0x57}}, p); }},
    {"ppp_hdlc", 50,
     [](const Octets& p) {
       return prefixed({0xff, 3, 0, p[0] >> 4 == 4 ? std::uint8_t{0x21} : std::uint8_t{0x57}}, p);
     }},
    {"ppp_hdlc_cisco", 50,
     [](const Octets& p) {
       return prefixed({0x0f, 0}, with_type_at(2, 0, p));
     }},
    {"cisco_hdlc", 104, [](const Octets& p) { return with_type_at(4, 2, p); }},
    {"ppp_ether", 51, [](const Octets& p) { return pppoe(p); }},
    {"nflog", 239,
     [](const Octets& p) {
       Octets out{static_cast<std::uint8_t>(p[0] >> 4 == 4 ? 2 : 10), 0, 0, 5};
       append(out, nflog_attribute(1, {8, 0, 1, 0}));
       append(out, nflog_attribute(10, {'m', 'a', 'i', 'l', 0}));  // prefix, padded
       append(out, nflog_attribute(9, p));
       return out;
     }},
};

class Frames : public testing::TestWithParam<Framed> {};

TEST_P(Frames, CarryBothFamilies) {
  for (const Tcp& tcp : {Tcp{.payload = 33}, kV6}) {
    TcpPacket out;
    ASSERT_EQ(decode_exactly(GetParam().link_type, GetParam().frame(ip_packet(tcp)), out), Decoded::Tcp);
    EXPECT_EQ(out.source, ip(tcp.from));
    EXPECT_EQ(out.payload, 33U);
  }
}

TEST_P(Frames, CutAnywhereAreNeverReadPastTheEndNorTakenForAnotherPacket) {
  for (const Tcp& tcp : {Tcp{.payload = 33}, kV6}) {
    const Octets frame = GetParam().frame(ip_packet(tcp));
    for (std::size_t length = 0; length < frame.size(); ++length) {
      TcpPacket out;
      const Decoded decoded = decode_exactly(GetParam().link_type, std::span(frame).first(length), out, frame.size());
      if (decoded == Decoded::Tcp) {
        EXPECT_EQ(out.payload, 33U) << length;
        EXPECT_EQ(out.destination_port, 25) << length;
      } else {
        EXPECT_EQ(decoded, Decoded::CutShort) << length;
      }
    }
  }
}

TEST_P(Frames, SurviveRandomDamage) {
  const unsigned seed = std::random_device{}();
  RecordProperty("seed", static_cast<int>(seed));
  SCOPED_TRACE(testing::Message() << "seed " << seed);
  std::mt19937 random(seed);
  const Octets whole = GetParam().frame(ip_packet(kV6));
  for (int round = 0; round < 3000; ++round) {
    Octets frame = whole;
    for (unsigned changes = 1 + random() % 4; changes > 0; --changes)
      frame[random() % frame.size()] = static_cast<std::uint8_t>(random());
    frame.resize(random() % (frame.size() + 1));
    TcpPacket out;
    out.source_port = 4711;
    const Decoded decoded = decode_exactly(GetParam().link_type, frame, out, random() % 100);
    EXPECT_TRUE(decoded == Decoded::Tcp || out.source_port == 4711);
    EXPECT_LE(out.payload, 0xffffU + 40);
  }
}

INSTANTIATE_TEST_SUITE_P(AllLinks, Frames, testing::ValuesIn(kFrames),
                         [](const auto& frame) { return std::string(frame.param.name); });

TEST(DecodeFrame, WhatIsNotIpSaysSo) {
  TcpPacket out;
  const Octets some(64, 0x01);
  EXPECT_EQ(decode_exactly(1, ethernet(some, 0x0806), out), Decoded::NotIp);                   // ARP
  EXPECT_EQ(decode_exactly(1, ethernet(some, 0x88cc), out), Decoded::NotIp);                   // LLDP
  EXPECT_EQ(decode_exactly(1, ethernet(some, 38), out), Decoded::NotIp);                       // spanning tree
  EXPECT_EQ(decode_exactly(1, ethernet({0x11, 9, 0, 0, 0, 0}, 0x8864), out), Decoded::NotIp);  // PPPoE discovery
  EXPECT_EQ(decode_exactly(9, {{0xff, 0x03, 0xc0, 0x21, 1}}, out), Decoded::NotIp);            // LCP
  EXPECT_EQ(decode_exactly(113, Octets(40, 0), out), Decoded::NotIp);
  EXPECT_EQ(decode_exactly(0, Octets(40, 0), out), Decoded::NotIp);
  EXPECT_EQ(decode_exactly(239, {{2, 0, 0, 5}}, out), Decoded::NotIp);
}

TEST(DecodeFrame, TypeAndVersionMustAgree) {
  TcpPacket out;
  EXPECT_EQ(decode_exactly(1, ethernet(ip_packet({}), 0x86dd), out), Decoded::Malformed);
  EXPECT_EQ(decode_exactly(228, ip_packet(kV6), out), Decoded::Malformed);
  EXPECT_EQ(decode_exactly(229, ip_packet(kV6), out), Decoded::Tcp);
}

TEST(DecodeFrame, NflogAttributesThatLieAreMalformed) {
  TcpPacket out;
  EXPECT_EQ(decode_exactly(239, {{2, 0, 0, 5, 3, 0, 9, 0}}, out), Decoded::Malformed);
  EXPECT_EQ(decode_exactly(239, {{2, 1, 0, 5}}, out), Decoded::Malformed);
}

TEST(DecodeFrame, UnknownLinksAreSaidToBe) {
  TcpPacket out;
  EXPECT_EQ(decode_exactly(127, ip_packet({}), out), Decoded::UnknownLink);
  EXPECT_EQ(decode_exactly(-1, {}, out), Decoded::UnknownLink);
}

}  // namespace
}  // namespace mailweir
