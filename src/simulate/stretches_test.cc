#include "simulate/stretches.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <random>

#include "ruleset/read_ruleset.h"
#include "simulate/packet_notation.h"

namespace mailweir::rules {
namespace {

constexpr const char* kBegin = "*filter\n:INPUT ACCEPT [0:0]\n:U - [0:0]\n";

Ruleset ruleset_of(const std::string& rules) {
  Diagnostics remarks;
  Ruleset made = read_iptables(kBegin + rules + "COMMIT\n", {}, remarks);
  EXPECT_FALSE(remarks.has_errors());
  return made;
}

std::string list_of_ports(std::uint32_t count) {
  std::string rules;
  for (std::uint32_t i = 0; i != count; ++i) rules += fmt::format("-A INPUT -p tcp -m tcp --dport {}\n", 100 + i);
  return rules;
}

PacketValues values_to(std::uint16_t port) {
  PacketValues values;
  values.set(Field::Protocol, 6);
  values.set(Field::DestinationPort, port);
  return values;
}

Stretches stretches_of(const Ruleset& ruleset) {
  Stretches stretches;
  stretches.add_chain(ruleset.tables[0].chains[0].rules, 0);
  return stretches;
}

TEST(Stretches, OnlyRulesThatWantThePacketsValueAreAsked) {
  const Ruleset ruleset = ruleset_of(list_of_ports(20) + "-A INPUT -p tcp -m tcp --dport 105\n-A INPUT -i eth0\n");
  const Stretches stretches = stretches_of(ruleset);
  EXPECT_EQ(stretches.next(0, 22, values_to(105)), 5u);
  EXPECT_EQ(stretches.next(5, 22, values_to(105)), 5u);
  EXPECT_EQ(stretches.next(6, 22, values_to(105)), 20u);
  EXPECT_EQ(stretches.next(0, 22, values_to(25)), 21u) << "the rule behind the list";
  EXPECT_EQ(stretches.next(21, 22, values_to(25)), 21u);
  PacketValues portless;
  portless.set_absent(Field::DestinationPort);
  EXPECT_EQ(stretches.next(0, 22, portless), 21u);
}

TEST(Stretches, ShortListsAndListsOfTheSameAreAskedRuleByRule) {
  const Ruleset few = ruleset_of(list_of_ports(Stretches::kShortest - 1));
  EXPECT_EQ(stretches_of(few).next(0, Stretches::kShortest - 1, values_to(25)), 0u);
  std::string same;
  for (int i = 0; i != 40; ++i) same += "-A INPUT -p tcp -m tcp --dport 25\n";
  EXPECT_EQ(stretches_of(ruleset_of(same)).next(0, 40, values_to(80)), 0u);
}

// A list of addresses, of ports, or of both, with what does not belong into one among them.
std::string random_rules(std::mt19937& chance) {
  const auto below = [&](unsigned end) { return static_cast<unsigned>(chance() % end); };
  std::string rules;
  for (const char* chain : {"INPUT", "U"}) {
    const unsigned kind = below(3);
    for (unsigned left = 5 + below(60); left != 0; --left) {
      std::string rule = fmt::format("-A {}", chain);
      if (kind != 0 && below(10) != 0)
        rule += fmt::format(" {}-s 203.0.113.{}{}", below(20) == 0 ? "! " : "", below(6), below(20) == 0 ? "/30" : "");
      if (kind != 1 && below(10) != 0)
        rule += fmt::format(" -p tcp -m tcp {}--dport {}", below(20) == 0 ? "! " : "", 20 + below(6));
      if (below(20) == 0) rule += " -m string --algo bm --string x";
      const unsigned target = below(8);
      rule += target == 0                      ? " -j ACCEPT"
              : target == 1                    ? " -j RETURN"
              : target == 2 && chain[0] == 'I' ? " -j U"
              : target == 3                    ? " -j DROP"
                                               : "";
      rules += rule + "\n";
    }
  }
  return rules;
}

// A trace asks every rule; without one, lists are searched. Nobody may see the difference.
TEST(Stretches, ATraceComesToTheSameEnd) {
  const unsigned seed = std::random_device()();
  std::mt19937 chance(seed);
  SimulatedMachine machine;
  machine.interfaces = {{"eth0", {*IpAddress::parse("198.51.100.7")}}};
  for (int round = 0; round != 300; ++round) {
    const std::string rules = random_rules(chance);
    const Ruleset ruleset = ruleset_of(rules);
    const Program program(ruleset);
    Simulator traced(program, machine), plain(program, machine);
    for (int i = 0; i != 30; ++i) {
      const auto written = read_packet(
          fmt::format("tcp 203.0.113.{}:{} > 198.51.100.7:{} syn in eth0", chance() % 6, 1024 + i, 20 + chance() % 6));
      ASSERT_TRUE(written);
      SimulatedPacket packet = written->packet;
      if (chance() % 4 == 0)
        packet.values.set_unknown(chance() % 2 == 0 ? Field::DestinationPort : Field::SourceAddress);
      Choices of_traced, of_plain;
      const auto a = traced.receive(packet, Time{}, of_traced, true), b = plain.receive(packet, Time{}, of_plain);
      ASSERT_EQ(a.front().kind, b.front().kind) << "seed " << seed << "\n" << packet_text(packet) << "\n" << rules;
      ASSERT_EQ(a.front().rule, b.front().rule) << "seed " << seed << "\n" << packet_text(packet) << "\n" << rules;
      ASSERT_EQ(of_traced.made(), of_plain.made()) << "seed " << seed << "\n" << rules;
    }
    ASSERT_EQ(traced.memory().counters, plain.memory().counters) << "seed " << seed << "\n" << rules;
  }
}

}  // namespace
}  // namespace mailweir::rules
