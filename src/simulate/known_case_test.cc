// The case that began it: resets in a firewall's log that no program sent (measured; docs/sources.md#kernel-packets).
#include <gtest/gtest.h>

#include "record/packet_sighting.h"
#include "ruleset/read_ruleset.h"
#include "simulate/worlds.h"

namespace mailweir::rules {
namespace {

using namespace tcp_flag;

constexpr char kRules[] = R"(-A INPUT -i lo -j ACCEPT
-A INPUT -m state --state RELATED,ESTABLISHED -j ACCEPT
-A INPUT -p tcp -m tcp --dport 22 -j ACCEPT
-A INPUT -p tcp -j REJECT --reject-with tcp-reset
-A OUTPUT -o lo -j ACCEPT
-A OUTPUT -m state --state RELATED,ESTABLISHED -j ACCEPT
-A OUTPUT -p udp -m udp --dport 53 -j ACCEPT
-A OUTPUT -p tcp -m tcp --dport 25 -j ACCEPT
-A OUTPUT -m limit -j LOG --log-prefix "UNKNOWN_OUTGOING: " --log-level 5
)";

class KnownCase : public testing::Test {
 protected:
  std::vector<PacketFate> probe(const std::string& rules, std::uint8_t flags, std::uint16_t port = 3594,
                                bool loose = true) {
    Diagnostics remarks;
    ruleset_ = read_iptables(rules, {}, remarks);
    EXPECT_FALSE(remarks.has_errors());
    program_.emplace(ruleset_);
    SimulatedMachine machine;
    machine.interfaces = {{"ifext", {*IpAddress::parse("89.238.65.123")}}};
    machine.routes = {{*IpPrefix::parse("0.0.0.0/0"), "ifext"}};
    machine.connections.tcp.loose = loose;
    Simulator simulator(*program_, machine);
    SimulatedPacket packet =
        tcp_packet(*IpAddress::parse("108.162.1.2"), 80, *IpAddress::parse("89.238.65.123"), port, flags);
    packet.values.set(Field::TcpSequence, 79911989);
    packet.values.set(Field::TcpAcknowledgement, 235561828);
    packet.values.set(Field::InputInterface, interface_value("ifext"));
    Choices choices;
    return simulator.receive(packet, Time{}, choices, true);
  }
  // Was the packet's answer seen by the LOG rule, OUTPUT 5?
  static bool is_logged(const std::vector<PacketFate>& fates) {
    for (const PacketFate& fate : fates)
      for (const TraceStep& step : fate.notes.steps)
        if (step.chain->name == "OUTPUT" && step.number == 5 && step.result == TraceStep::Result::Matched) return true;
    return false;
  }
  static std::string with(std::string rules, const std::string& after, const std::string& rule) {
    rules.insert(rules.find(after) + after.size() + 1, rule + "\n");
    return rules;
  }
  Ruleset ruleset_;
  std::optional<Program> program_;
};

TEST_F(KnownCase, AnUnsolicitedSynAckIsAnsweredByRejectAndTheResetIsInvalidAndLogged) {
  for (const bool loose : {true, false}) {
    const auto fates = probe(kRules, kSyn | kAck, 3594, loose);
    ASSERT_EQ(fates.size(), 2U);
    EXPECT_EQ(fates[0].state, ConnectionState::Invalid);
    EXPECT_EQ(fates[0].kind, PacketFate::Kind::Rejected);
    EXPECT_EQ(fates[1].maker, KernelAnswer::Maker::RejectRule);
    EXPECT_EQ(fates[1].state, ConnectionState::Invalid);
    EXPECT_EQ(fates[1].packet.values.value(Field::TcpFlags), FieldValue{kRst});
    EXPECT_EQ(fates[1].packet.values.value(Field::TcpSequence), 235561828U);
    EXPECT_TRUE(is_logged(fates));
  }
}

TEST_F(KnownCase, ABareAckIsNewOrInvalidByLoose) {
  EXPECT_FALSE(is_logged(probe(kRules, kAck, 3594, true)));
  EXPECT_TRUE(is_logged(probe(kRules, kAck, 3594, false)));
  EXPECT_FALSE(is_logged(probe(kRules, kSyn)));
}

TEST_F(KnownCase, WithoutRejectTheClosedPortAnswersAndIsLoggedJustTheSame) {
  std::string rules = kRules;
  rules.erase(rules.find("-A INPUT -p tcp -j REJECT"),
              rules.find("-A OUTPUT -o lo") - rules.find("-A INPUT -p tcp -j REJECT"));
  const auto fates = probe(rules, kSyn | kAck);
  ASSERT_EQ(fates.size(), 2U);
  EXPECT_EQ(fates[1].maker, KernelAnswer::Maker::ClosedPort);
  EXPECT_TRUE(is_logged(fates));
}

TEST_F(KnownCase, DroppingInvalidHelpsOnlyBeforeTheFirstStatelessAccept) {
  const std::string drop = "-A INPUT -m state --state INVALID -j DROP";
  const std::string early = with(kRules, "RELATED,ESTABLISHED -j ACCEPT", drop);
  const std::string late = with(kRules, "--dport 22 -j ACCEPT", drop);
  EXPECT_FALSE(is_logged(probe(early, kSyn | kAck)));
  EXPECT_FALSE(is_logged(probe(early, kSyn | kAck, 22)));
  EXPECT_FALSE(is_logged(probe(late, kSyn | kAck)));
  EXPECT_TRUE(is_logged(probe(late, kSyn | kAck, 22)));
}

TEST_F(KnownCase, EveryRuleThatWasPassedOverSaysWhy) {
  const auto fates = probe(kRules, kSyn | kAck);
  const auto& steps = fates[0].notes.steps;
  ASSERT_GE(steps.size(), 3U);
  EXPECT_NE(why_not(steps[0]).find("input interface"), std::string::npos) << why_not(steps[0]);
  EXPECT_NE(why_not(steps[1]).find("invalid"), std::string::npos) << why_not(steps[1]);
  EXPECT_NE(why_not(steps[2]).find("3594"), std::string::npos) << why_not(steps[2]);
}

TEST_F(KnownCase, WhatIsNotKnownOfAPacketIsNotKnownOfItsAnswer) {
  Diagnostics remarks;
  const Ruleset rules = read_iptables("-A INPUT -p tcp -j REJECT --reject-with tcp-reset\n", {}, remarks);
  const Program program(rules);
  SimulatedMachine machine;
  machine.interfaces = {{"eth0", {*IpAddress::parse("192.0.2.1")}}};
  machine.routes = {{*IpPrefix::parse("0.0.0.0/0"), "eth0"}};
  Simulator simulator(program, machine);
  SimulatedPacket packet =
      tcp_packet(*IpAddress::parse("198.51.100.7"), 40000, *IpAddress::parse("192.0.2.1"), 25, kSyn);
  packet.values.set(Field::InputInterface, interface_value("eth0"));
  packet.values.set_unknown(Field::SourceAddress);
  Choices choices;
  const auto fates = simulator.receive(packet, Time{}, choices);
  ASSERT_EQ(fates.size(), 2U);
  EXPECT_EQ(packet_text(fates[1].packet), "tcp 192.0.2.1:25 > ?:40000 ack,rst out eth0");
}

TEST_F(KnownCase, WhatIsUnknownIsFollowedBothWays) {
  Diagnostics remarks;
  const Ruleset rules = read_iptables(
      "-A INPUT -m string --algo bm --string spam -j DROP\n-A INPUT -p tcp -m tcp --dport 25 -j ACCEPT\n-A INPUT -j "
      "DROP\n",
      {}, remarks);
  const Program program(rules);
  SimulatedMachine machine;
  machine.interfaces = {{"eth0", {*IpAddress::parse("192.0.2.1")}}};
  Simulator simulator(program, machine);
  SimulatedPacket packet =
      tcp_packet(*IpAddress::parse("198.51.100.7"), 40000, *IpAddress::parse("192.0.2.1"), 0, kSyn);
  packet.values.set(Field::InputInterface, interface_value("eth0"));
  packet.values.set_unknown(Field::DestinationPort);
  const Worlds all = explore(simulator, packet, Entry::Receive, Time{});
  ASSERT_EQ(all.worlds.size(), 3U);  // the string is there; it is not and the port is 25; neither
  EXPECT_EQ(all.worlds[0].fates[0].kind, PacketFate::Kind::Dropped);
  EXPECT_EQ(all.worlds[1].fates[0].kind, PacketFate::Kind::Delivered);
  EXPECT_EQ(all.worlds[2].fates[0].kind, PacketFate::Kind::Dropped);
  EXPECT_EQ(all.worlds[1].assumptions.size(), 2U);
}

}  // namespace
}  // namespace mailweir::rules
