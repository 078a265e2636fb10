#include "replay/mail_router.h"

#include <gtest/gtest.h>

namespace mailweir {
namespace {

class MailRouterTest : public ::testing::Test {
 protected:
  struct Hop {
    const char* in;
    const char* out;
    const char* source;
    const char* destination;
    bool answer = false;
  };
  PacketSighting packet(const Hop& hop) {
    PacketSighting packet;
    packet.source = *IpAddress::parse(hop.source);
    packet.destination = *IpAddress::parse(hop.destination);
    packet.source_port = hop.answer ? 25 : 40000;
    packet.destination_port = hop.answer ? 40000 : 25;
    packet.flags = hop.answer ? tcp_flag::kSyn | tcp_flag::kAck : tcp_flag::kSyn;
    packet.path = *hop.in == '\0' ? Path::Output : *hop.out == '\0' ? Path::Input : Path::Forward;
    return packet;
  }
  void learn(const Hop& hop) {
    (void)router_.learn(packet(hop), router_.interface(hop.in), router_.interface(hop.out));
  }
  Route route(const Hop& hop) {
    return router_.route(packet(hop), router_.interface(hop.in), router_.interface(hop.out));
  }

  MailRouter router_{{}};
};

constexpr const char *kOurs = "203.0.113.9", *kTheirs = "198.51.100.25";

TEST_F(MailRouterTest, AddressesAndPathsDecideWhereTheyCan) {
  EXPECT_EQ(route({"", "eth0", kOurs, kTheirs}).way, Way::FromClient);
  EXPECT_EQ(route({"eth0", "", kTheirs, kOurs}).way, Way::Inbound);
  EXPECT_EQ(route({"eth0", "", kTheirs, kOurs, true}).way, Way::ToClient) << "the answer to the machine's own mail";
  EXPECT_EQ(route({"", "eth0", kOurs, kTheirs, true}).way, Way::Inbound) << "the machine's answer to inbound mail";
  EXPECT_EQ(route({"eth1", "eth0", "10.0.0.9", kTheirs}).way, Way::FromClient);
  EXPECT_EQ(route({"eth0", "eth1", kTheirs, "10.0.0.9"}).way, Way::Inbound);
}

TEST_F(MailRouterTest, TheOutsideInterfaceIsLearnedFromPrivateClients) {
  learn({"eth1", "eth0", "10.0.0.9", kTheirs});
  EXPECT_EQ(route({"eth1", "eth0", kOurs, kTheirs}).way, Way::FromClient);
  EXPECT_EQ(route({"eth0", "eth1", kTheirs, kOurs}).way, Way::Inbound);
  EXPECT_EQ(route({"eth0", "eth1", kTheirs, kOurs, true}).way, Way::ToClient);
  EXPECT_EQ(route({"eth1", "eth0", kOurs, kTheirs, true}).way, Way::Inbound);
  EXPECT_EQ(route({"eth2", "eth0", kOurs, kTheirs}).way, Way::FromClient) << "a second network behind the same uplink";
}

TEST_F(MailRouterTest, TheMachinesOwnMailShowsTheUplinkToo) {
  learn({"", "eth0", kOurs, kTheirs});
  EXPECT_EQ(route({"eth0", "eth1", kTheirs, kOurs}).way, Way::Inbound);
}

TEST_F(MailRouterTest, AFewSpoofedPacketsDoNotTurnTheHouseRound) {
  for (int i = 0; i < 100; ++i) learn({"eth1", "eth0", "10.0.0.9", kTheirs});
  for (int i = 0; i < 9; ++i) learn({"eth0", "eth1", "10.6.6.6", kTheirs});
  EXPECT_EQ(route({"eth0", "eth1", kTheirs, kOurs}).way, Way::Inbound);
}

TEST_F(MailRouterTest, NamesOfGuestsAndUplinks) {
  EXPECT_EQ(route({"tap101i0", "fwln101i0", kOurs, kTheirs}).way, Way::FromClient);
  EXPECT_EQ(route({"fwln101i0", "tap101i0", kTheirs, kOurs}).way, Way::Inbound);
  EXPECT_EQ(route({"ppp0", "br0", kTheirs, kOurs}).way, Way::Inbound);
}

TEST_F(MailRouterTest, BothWaysBetweenPublicAddressesIsNotJudged) {
  learn({"eth1", "eth0", kOurs, kTheirs});
  EXPECT_TRUE(route({"eth1", "eth0", kOurs, kTheirs}).judged()) << "one way only: the way out";
  learn({"eth0", "eth1", kTheirs, kOurs});
  const Route unknown = route({"eth1", "eth0", kOurs, kTheirs});
  EXPECT_TRUE(unknown.unknown_side);
  EXPECT_FALSE(unknown.judged());
}

TEST_F(MailRouterTest, NamedClientsNeedNoLearning) {
  const std::vector<IpPrefix> clients{*IpPrefix::parse("203.0.113.0/24")};
  router_ = MailRouter(clients);
  learn({"eth1", "eth0", "10.0.0.9", kTheirs});
  EXPECT_EQ(route({"eth0", "eth1", kOurs, kTheirs}).way, Way::FromClient);
  EXPECT_EQ(route({"eth1", "eth0", kTheirs, kOurs}).way, Way::Inbound);
  EXPECT_FALSE(route({"eth1", "eth0", "10.0.0.9", kTheirs}).judged());
}

}  // namespace
}  // namespace mailweir
