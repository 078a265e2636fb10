#include "explain/capture_text.h"

#include <gtest/gtest.h>

namespace mailweir::rules {
namespace {

std::vector<CapturedPacket> read(std::initializer_list<const char*> lines) {
  CaptureText text;
  for (const char* line : lines) EXPECT_TRUE(text.take(line)) << line;
  return text.finish();
}

TEST(CaptureText, VerboseTextOverTwoLinesAndItsHex) {
  // 198.51.100.7:80 > 192.0.2.1:3594, SYN/ACK; a good header checksum.
  const auto packets = read(
      {"11:48:37.860337 IP (tos 0x0, ttl 60, id 0, offset 0, flags [DF], proto TCP (6), length 44)",
       "    198.51.100.7.80 > 192.0.2.1.3594: Flags [S.], cksum 0x79bb (correct), seq 79911989, ack 235561828, win "
       "29200, options [mss 1460], length 0",
       "\t0x0000:  4500 002c 0000 4000 3c06 5290 c633 6407  E..,..@.<.s.....",
       "\t0x0010:  c000 0201 0050 0e0a 04c3 5c35 0e0a 6364  Y.A{.P....\\5..cd",
       "\t0x0020:  6012 7210 79bb 0000 0204 05b4 0000       `.r.y........."});
  ASSERT_EQ(packets.size(), 1U);
  EXPECT_TRUE(packets[0].hex);
  EXPECT_EQ(partial_text(packets[0].seen), "tcp 198.51.100.7:80 > 192.0.2.1:3594 syn,ack");
  EXPECT_EQ(packets[0].seen.packet.values.number<std::uint32_t>(Field::TcpAcknowledgement), 235561828U);
  EXPECT_EQ(packets[0].seen.packet.values.number<int>(Field::Ttl), 60);
}

TEST(CaptureText, AnAddressChangedInTheHexIsFoundByItsChecksum) {
  const auto packets =
      read({"12:00:00.000001 IP 198.51.[edited].80 > 192.0.2.1.3594: Flags [R], seq 1, win 0, length 0",
            "0x0000: 4500 002c 0000 4000 3c06 5290 c633 0000 E..,", "0x0010: c000 0201 0050 0e0a 04c3 5c35 0e0a 6364",
            "0x0020: 6012 7210 79bb 0000 0204 05b4"});
  ASSERT_EQ(packets.size(), 1U);
  EXPECT_TRUE(packets[0].altered);
  EXPECT_FALSE(packets[0].seen.packet.values.is_known(Field::SourceAddress));
  EXPECT_TRUE(is_possible(packets[0].seen, Field::SourceAddress, address_value(*IpAddress::parse("198.51.1.1"))));
  EXPECT_FALSE(is_possible(packets[0].seen, Field::SourceAddress, address_value(*IpAddress::parse("198.52.1.1"))));
}

TEST(CaptureText, PlainLinesOfEveryKind) {
  const auto packets =
      read({"1623626955.123456 IP 192.0.2.1.22 > 198.51.100.7.50000: Flags [P.], seq 1:37, ack 1, win 502, length 36",
            "2026-11-22 12:00:00.5 IP6 2001:db8::1.25 > 2001:db8::2.40000: Flags [S.], seq 5, ack 6, win 7, length 0",
            "12:00:01.000000 IP 192.0.2.1.53 > 192.0.2.2.40000: 4711 1/0/0 A 192.0.2.3 (44)",
            "12:00:02.000000 IP 192.0.2.1 > 192.0.2.2: ICMP 192.0.2.1 udp port 53 unreachable, length 36"});
  ASSERT_EQ(packets.size(), 4U);
  EXPECT_NEAR(*packets[0].time_s, 1623626955.123456, 1e-5);
  EXPECT_EQ(packets[0].seen.packet.values.number<int>(Field::TcpFlags), 0x18);
  EXPECT_EQ(partial_text(packets[1].seen), "tcp [2001:db8::1]:25 > [2001:db8::2]:40000 syn,ack");
  EXPECT_NEAR(*packets[1].time_s, 43200.5, 1e-6);
  EXPECT_EQ(packets[2].seen.packet.protocol(), kUdp);
  EXPECT_EQ(packets[3].seen.packet.values.number<int>(Field::IcmpTypeCode), 3 * 256 + 3);
}

TEST(CaptureText, HexAloneIsAPacketToo) {
  const auto packets =
      read({"0x0000:  4500 002c 0000 4000 3c06 5290 c633 6407", "0x0010:  c000 0201 0050 0e0a 04c3 5c35 0e0a 6364",
            "0x0020:  6012 7210 79bb 0000 0204 05b4"});
  ASSERT_EQ(packets.size(), 1U);
  EXPECT_EQ(partial_text(packets[0].seen), "tcp 198.51.100.7:80 > 192.0.2.1:3594 syn,ack");
}

TEST(CaptureText, OtherTextIsNotTaken) {
  CaptureText text;
  for (const char* line :
       {"", "hello", "a > b", "-A INPUT -p tcp -j DROP", "if x > y: then", "0x12", "12:00 noon", "0xzz: 1234"})
    EXPECT_FALSE(text.take(line)) << line;
  EXPECT_TRUE(text.finish().empty());
}

TEST(CaptureText, PacketsPastTheLimitAreCounted) {
  CaptureText text;
  for (std::size_t i = 0; i != CaptureText::kPacketsMax + 3; ++i)
    EXPECT_TRUE(text.take("IP 192.0.2.1.22 > 192.0.2.2.50000: Flags [.], ack 1, win 1, length 0"));
  EXPECT_EQ(text.finish().size(), CaptureText::kPacketsMax);
  EXPECT_EQ(text.left_out(), 3U);
}

}  // namespace
}  // namespace mailweir::rules
