#include "simulate/packet_notation.h"

#include <gtest/gtest.h>

#include "record/packet_sighting.h"

namespace mailweir::rules {
namespace {

TEST(PacketNotation, AForwardedSyn) {
  const auto written = read_packet("tcp 172.16.7.70:50000 > 203.0.113.9:25 in eth1 out eth0 syn");
  ASSERT_TRUE(written) << written.error().text();
  const PacketValues& values = written->packet.values;
  EXPECT_EQ(written->entry, Entry::Receive);
  EXPECT_EQ(values.address(Field::SourceAddress).text(), "172.16.7.70");
  EXPECT_EQ(values.value(Field::DestinationPort), 25U);
  EXPECT_EQ(values.value(Field::TcpFlags), FieldValue{tcp_flag::kSyn});
  EXPECT_EQ(interface_name(values.value(Field::InputInterface)), "eth1");
  EXPECT_EQ(interface_name(values.value(Field::OutputInterface)), "eth0");
}

TEST(PacketNotation, WhatIsNotKnownStaysUnknown) {
  const auto written = read_packet("tcp ?:25 > 108.162.?:? rst state invalid");
  ASSERT_TRUE(written) << written.error().text();
  EXPECT_EQ(written->packet.values.knowledge_of(Field::SourceAddress), Knowledge::Unknown);
  EXPECT_EQ(written->packet.values.knowledge_of(Field::DestinationPort), Knowledge::Unknown);
  ASSERT_EQ(written->narrowings.size(), 1U);
  EXPECT_EQ(written->narrowings[0].first, Field::DestinationAddress);
  EXPECT_TRUE(written->narrowings[0].second.contains(address_value(*IpAddress::parse("108.162.3.4"))));
  EXPECT_FALSE(written->narrowings[0].second.contains(address_value(*IpAddress::parse("108.163.3.4"))));
  EXPECT_EQ(written->packet.asserted_state, ConnectionState::Invalid);
}

TEST(PacketNotation, IPv6AndIcmp) {
  const auto written = read_packet("icmpv6 fd16::7 > 2001:db8::1 type 1/4 in eth0");
  ASSERT_TRUE(written) << written.error().text();
  EXPECT_EQ(written->packet.values.value(Field::IcmpTypeCode), 260U);
  EXPECT_FALSE(written->packet.is_v4());
}

TEST(PacketNotation, MistakesNameTheColumn) {
  EXPECT_EQ(read_packet("tcp 1.2.3.4:25 203.0.113.9:25 syn").error().text(),
            "column 16: expected \">\" between source and destination");
  EXPECT_EQ(read_packet("tcp 1.2.3.4:70000 > 203.0.113.9:25").error().text(), "column 5: \"70000\" is no port");
  EXPECT_NE(read_packet("tcp 1.2.3.4:7 > 203.0.113.9:25 windw 5").error().text().find("did you mean \"window\"?"),
            std::string::npos);
  EXPECT_FALSE(read_packet("tcp 1.2.3.4 > 2001:db8::1"));
  EXPECT_FALSE(read_packet(""));
}

}  // namespace
}  // namespace mailweir::rules
