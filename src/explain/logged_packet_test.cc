#include "explain/logged_packet.h"

#include <gtest/gtest.h>

namespace mailweir::rules {
namespace {

LoggedPacket read(std::string_view line) {
  const auto read = read_logged_packet(line);
  EXPECT_TRUE(read) << line;
  return read.value_or(LoggedPacket{});
}

TEST(LoggedPacket, EveryFieldARuleCanAskForIsRead) {
  const LoggedPacket line = read(
      "Nov 22 10:00:00 gw kernel: [ 12.345678] OUT-DENY: IN= OUT=eth0 SRC=192.0.2.1 DST=198.51.100.7 LEN=60 TOS=0x10 "
      "PREC=0x20 "
      "TTL=63 ID=4711 DF PROTO=TCP SPT=40000 DPT=25 SEQ=77 ACK=88 WINDOW=512 RES=0x00 ACK PSH URGP=0 OPT (0101) UID=33 "
      "GID=34 "
      "MARK=0x2025 ");
  EXPECT_EQ(line.prefix, "OUT-DENY: ");
  EXPECT_EQ(line.out, "eth0");
  EXPECT_EQ(line.way, Hook::Output);
  EXPECT_EQ(line.user, 33U);
  const PacketValues& values = line.seen.packet.values;
  EXPECT_EQ(values.address(Field::SourceAddress).text(), "192.0.2.1");
  EXPECT_EQ(values.number<int>(Field::DestinationPort), 25);
  EXPECT_EQ(values.number<int>(Field::TcpFlags), 0x18);
  EXPECT_EQ(values.number<int>(Field::TcpSequence), 77);
  EXPECT_EQ(values.number<int>(Field::TcpAcknowledgement), 88);
  EXPECT_EQ(values.number<int>(Field::Ttl), 63);
  EXPECT_EQ(values.number<int>(Field::Dscp), 0x30 >> 2);
  EXPECT_EQ(values.number<int>(Field::PacketMark), 0x2025);
  EXPECT_EQ(values.number<int>(Field::Length), 60);
}

TEST(LoggedPacket, WhatIsBlackedOutIsUnknownAndNoError) {
  const LoggedPacket line = read(
      "X: IN= OUT=eth0 SRC=x.x.x.x DST=108.162.[edited] LEN=40 PROTO=TCP SPT=??? DPT=80 WINDOW=0 RES=0x00 RST URGP=0");
  const PacketValues& values = line.seen.packet.values;
  EXPECT_FALSE(values.is_known(Field::SourceAddress));
  EXPECT_FALSE(values.is_known(Field::DestinationAddress));
  EXPECT_FALSE(values.is_known(Field::SourcePort));
  EXPECT_EQ(line.blacked_out.size(), 3U);
  EXPECT_TRUE(is_possible(line.seen, Field::DestinationAddress, address_value(*IpAddress::parse("108.162.9.9"))));
  EXPECT_FALSE(is_possible(line.seen, Field::DestinationAddress, address_value(*IpAddress::parse("108.163.9.9"))));
  EXPECT_EQ(partial_text(line.seen), "tcp ?:? > 108.162.?:80 rst out eth0");
}

TEST(LoggedPacket, AHostilePrefixIsOnlyAPrefix) {
  const LoggedPacket line = read(
      "kernel: IN= foo IN=bar OUT=baz SRC=1.2.3.4: IN=eth1 OUT= SRC=192.0.2.9 DST=192.0.2.1 LEN=40 PROTO=UDP SPT=1 "
      "DPT=2 LEN=20");
  EXPECT_EQ(line.in, "eth1");
  EXPECT_TRUE(line.out.empty());
  EXPECT_EQ(line.seen.packet.values.address(Field::SourceAddress).text(), "192.0.2.9");
}

TEST(LoggedPacket, IcmpErrorsBringThePacketTheyQuote) {
  const LoggedPacket line = read(
      "IN=eth0 OUT= SRC=203.0.113.1 DST=192.0.2.1 LEN=56 TTL=60 ID=0 PROTO=ICMP TYPE=3 CODE=3 [SRC=192.0.2.1 "
      "DST=203.0.113.1 LEN=28 "
      "TTL=50 ID=1 PROTO=UDP SPT=4000 DPT=53 LEN=8 ] ");
  ASSERT_TRUE(line.seen.packet.quoted);
  EXPECT_EQ(line.seen.packet.values.number<int>(Field::IcmpTypeCode), 3 * 256 + 3);
  EXPECT_EQ(line.seen.packet.quoted->destination_port, 53);
  EXPECT_EQ(line.seen.packet.values.address(Field::SourceAddress).text(), "203.0.113.1");
}

TEST(LoggedPacket, Ipv6) {
  const LoggedPacket line = read(
      "Mar 17 13:39:13 linux kernel: DROP IN=eth0 OUT= MAC=33:33:ff:00:00:01:00:1b:b9:76:9c:e4:86:dd "
      "SRC=2001:0db8:0000:0000:0000:0000:0000:0002 DST=ff02:0000:0000:0000:0000:0001:ff00:0001 LEN=72 TC=0 "
      "HOPLIMIT=255 FLOWLBL=0 "
      "PROTO=ICMPv6 TYPE=135 CODE=0 ");
  EXPECT_FALSE(line.seen.packet.is_v4());
  EXPECT_EQ(line.seen.packet.protocol(), kIcmp6);
  EXPECT_TRUE(line.multicast_frame);
  EXPECT_EQ(line.seen.packet.values.number<int>(Field::Ttl), 255);
}

TEST(LoggedPacket, DialectsThatLeaveWordsOut) {
  EXPECT_EQ(read("101 1 tap101i0-IN 20/Jun/2022:13:12:46 +0200 policy DROP: IN=vmbr0 "
                 "MAC=24:8a:07:9a:2a:f2:24:8a:07:50:2c:9e:08:00 "
                 "SRC=10.3.94.11 DST=10.3.94.12 LEN=52 TOS=0x00 PREC=0xC0 TTL=255 ID=64317 DF PROTO=UDP SPT=49152 "
                 "DPT=3784 LEN=32")
                .way,
            Hook::Input);
  EXPECT_FALSE(read("SRC=192.0.2.1 DST=192.0.2.2 PROTO=TCP SPT=1 DPT=2").way);
  const LoggedPacket shortened = read("IN=eth0 OUT= SRC=192.0.2.1 DST=192.0.2.2 PROTO=TCP SPT=1 DPT=2");
  EXPECT_FALSE(shortened.seen.packet.values.is_known(Field::TcpFlags));
  EXPECT_TRUE(read("IN=eth0 OUT= SRC=192.0.2.1 DST=192.0.2.2 PROTO=TCP SPT=1 DPT=2 WINDOW=1 RES=0x00 URGP=0")
                  .seen.packet.values.is_known(Field::TcpFlags));  // a null scan: none is set
}

TEST(LoggedPacket, JournalEntries) {
  const LoggedPacket line = read(
      R"({"__REALTIME_TIMESTAMP":"1700000000000000","_TRANSPORT":"kernel","MESSAGE":"A: IN=eth0 OUT= SRC=192.0.2.1 DST=192.0.2.2 LEN=40 PROTO=UDP SPT=1 DPT=2 LEN=20"})");
  EXPECT_EQ(line.prefix, "A: ");
}

TEST(LoggedPacket, OtherLinesHaveNone) {
  for (const char* line :
       {"", "IN=", "kernel: eth0: link up", "sshd[1]: Failed password for root from 192.0.2.1", "{", "SRC=DST="})
    EXPECT_FALSE(read_logged_packet(line)) << line;
  EXPECT_TRUE(says_table_full("Nov 22 10:00:00 gw kernel: nf_conntrack: nf_conntrack: table full, dropping packet"));
  EXPECT_TRUE(says_table_full("ip_conntrack: table full, dropping packet."));
  EXPECT_FALSE(says_table_full("table full"));
}

TEST(LoggedPacket, EveryCutOfALineIsReadOrNot) {
  const std::string line =
      "Nov 22 10:00:00 gw kernel: [ 1.2] P: IN=eth0 OUT=eth1 MAC=aa SRC=192.0.2.1 DST=2.2.2.2 LEN=40 PROTO=ICMP TYPE=3 "
      "CODE=1 [SRC=2.2.2.2 "
      "DST=192.0.2.1 PROTO=TCP SPT=1 DPT=2 ] ";
  for (std::size_t end = 0; end <= line.size(); ++end) (void)read_logged_packet(std::string(line.substr(0, end)));
}

}  // namespace
}  // namespace mailweir::rules
