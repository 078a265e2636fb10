#include "simulate/packet_from_bytes.h"

#include <gtest/gtest.h>

#include <array>
#include <vector>

namespace mailweir::rules {
namespace {

using Octets = std::vector<std::uint8_t>;

// 192.0.2.7:50000 > 203.0.113.9:25 SYN, MSS, window scale 7, SACK permitted; 4 bytes of payload.
const Octets kSyn{0x45, 0x08, 0x00, 0x38, 0x12, 0x34, 0x40, 0x00, 0x3f, 0x06, 0x00, 0x00, 192,  0,
                  2,    7,    203,  0,    113,  9,    0xc3, 0x50, 0x00, 0x19, 0x00, 0x00, 0x00, 0x05,
                  0x00, 0x00, 0x00, 0x00, 0x80, 0x02, 0xfa, 0xf0, 0x00, 0x00, 0x00, 0x00, 0x02, 0x04,
                  0x05, 0xb4, 0x01, 0x03, 0x03, 0x07, 0x04, 0x02, 0x00, 0x00, 'd',  'a',  't',  'a'};

// From 2001:db8::7 to 2001:db8::9.
Octets v6(std::uint8_t next, const Octets& rest) {
  Octets bytes{0x6b, 0x80, 0, 0, 0, static_cast<std::uint8_t>(rest.size()), next, 61};
  for (const char* text : {"2001:db8::7", "2001:db8::9"}) {
    std::array<std::uint8_t, 16> address{};
    IpAddress::parse(text)->write(address);
    bytes.insert(bytes.end(), address.begin(), address.end());
  }
  bytes.insert(bytes.end(), rest.begin(), rest.end());
  return bytes;
}

TEST(PacketFromBytes, EveryFieldOfASegmentIsRead) {
  const auto packet = packet_from_bytes(kSyn);
  ASSERT_TRUE(packet);
  const PacketValues& values = packet->values;
  EXPECT_EQ(packet_text(*packet), "tcp 192.0.2.7:50000 > 203.0.113.9:25 syn");
  EXPECT_EQ(values.number<unsigned>(Field::Ttl), 63U);
  EXPECT_EQ(values.number<unsigned>(Field::Dscp), 2U);
  EXPECT_EQ(values.number<unsigned>(Field::Length), 56U);
  EXPECT_EQ(values.number<unsigned>(Field::IpId), 0x1234U);
  EXPECT_EQ(values.number<unsigned>(Field::TcpSequence), 5U);
  EXPECT_EQ(values.number<unsigned>(Field::TcpWindow), 64240U);
  EXPECT_EQ(packet->payload, 4U);
  EXPECT_EQ(packet->options.window_scale, 7);
  EXPECT_TRUE(packet->options.selective_ack);
}

TEST(PacketFromBytes, WhatASnapLengthCutIsUnknownAndLengthsStay) {
  for (std::size_t length = 20; length <= kSyn.size(); ++length) {
    const auto packet = packet_from_bytes(std::span(kSyn).first(length));
    ASSERT_TRUE(packet) << length;
    EXPECT_EQ(packet->values.number<unsigned>(Field::Length), 56U);
    EXPECT_EQ(packet->values.is_known(Field::SourcePort), length >= 22) << length;
    EXPECT_EQ(packet->values.is_known(Field::TcpFlags), length >= 34) << length;
    EXPECT_EQ(packet->payload, length > 32 ? 4U : 0U) << length;
  }
  EXPECT_FALSE(packet_from_bytes(std::span(kSyn).first(19)));
}

TEST(PacketFromBytes, LaterFragmentsHaveNoPorts) {
  Octets later = kSyn;
  later[7] = 0x10;
  const auto packet = packet_from_bytes(later);
  ASSERT_TRUE(packet);
  EXPECT_EQ(packet->values.value(Field::Fragment), 1U);
  EXPECT_EQ(packet->values.knowledge_of(Field::SourcePort), Knowledge::Absent);
}

TEST(PacketFromBytes, ExtensionHeadersOfIpv6ArePassedOver) {
  // Hop by hop, then UDP.
  const Octets rest{17, 0, 1, 4, 0, 0, 0, 0, 0x13, 0x88, 0x00, 0x35, 0x00, 0x0a, 0x00, 0x00, 'x', 'y'};
  const auto packet = packet_from_bytes(v6(0, rest));
  ASSERT_TRUE(packet);
  EXPECT_EQ(packet_text(*packet), "udp [2001:db8::7]:5000 > [2001:db8::9]:53");
  EXPECT_EQ(packet->payload, 2U);
  EXPECT_EQ(packet->values.number<unsigned>(Field::IpProtocol), 0U);
  EXPECT_EQ(packet->values.number<unsigned>(Field::Dscp), 46U);
  const auto cut = packet_from_bytes(std::span<const std::uint8_t>(v6(0, rest)).first(44));
  EXPECT_FALSE(cut) << "what the transport is stands behind the cut";
}

TEST(PacketFromBytes, ErrorsQuoteAndRequestsHaveAnIdentifier) {
  Octets error{0x45, 0, 0, 0, 0, 0, 0, 0, 64, 1, 0, 0, 203, 0, 113, 9, 192, 0, 2, 7, 3, 3, 0, 0, 0, 0, 0, 0};
  error.insert(error.end(), kSyn.begin(), kSyn.begin() + 28);
  error[3] = static_cast<std::uint8_t>(error.size());
  const auto packet = packet_from_bytes(error);
  ASSERT_TRUE(packet);
  ASSERT_TRUE(packet->quoted);
  EXPECT_EQ(packet->quoted->source, *IpAddress::parse("192.0.2.7"));
  EXPECT_EQ(packet->quoted->source_port, 50000);
  EXPECT_EQ(packet->quoted->destination_port, 25);
  const auto echo = packet_from_bytes(v6(58, {128, 0, 0, 0, 0x01, 0x02, 0, 1}));
  ASSERT_TRUE(echo);
  EXPECT_EQ(echo->icmp_id, 0x0102);
  EXPECT_EQ(echo->values.number<unsigned>(Field::IcmpTypeCode), 0x8000U);
}

TEST(PacketFromBytes, WhatContradictsItselfIsNoPacket) {
  EXPECT_FALSE(packet_from_bytes({}));
  Octets short_header = kSyn;
  short_header[0] = 0x44;
  EXPECT_FALSE(packet_from_bytes(short_header));
  Octets other = kSyn;
  other[0] = 0x55;
  EXPECT_FALSE(packet_from_bytes(other));
}

}  // namespace
}  // namespace mailweir::rules
