#include "ruleset/match.h"

#include <gtest/gtest.h>

#include <random>

namespace mailweir::rules {
namespace {

// The meaning of a match, spelled out.
bool holds(const Match& match, FieldValue value) {
  return match.values.contains(value & match.operand.mask & largest_value(width_of(match.operand.field))) !=
         match.negated;
}

TEST(WholeValues, AreTheValuesForWhichTheMatchHolds) {
  const unsigned seed = 7;
  SCOPED_TRACE(seed);
  std::mt19937 random(seed);
  for (int round = 0; round < 3000; ++round) {
    const bool flags = random() % 2 == 0;
    Match match;
    match.operand.field = flags ? Field::TcpFlags : Field::SourcePort;
    match.negated = random() % 2 == 0;
    match.operand.mask = flags ? random() % 256 : 0xffffU << random() % 17 & 0xffffU;
    const auto first = random() % (flags ? 256 : 65536);
    match.values = IntervalSet::range(first, first + random() % 300);
    match.values = match.values.intersected(IntervalSet::all(width_of(match.operand.field)));
    const auto whole = whole_values(match);
    ASSERT_TRUE(whole);
    for (int i = 0; i < 50; ++i) {
      const FieldValue value = random() & largest_value(width_of(match.operand.field));
      ASSERT_EQ(whole->contains(value), holds(match, value)) << static_cast<unsigned>(value);
    }
  }
}

TEST(WholeValues, AMaskWithHolesOverAWideFieldHasNone) {
  EXPECT_FALSE(whole_values({{Field::PacketMark, 0xf0f}, IntervalSet::single(1), false, false, false}));
  EXPECT_TRUE(whole_values({{Field::PacketMark, 0xffff0000}, IntervalSet::single(0x10000), false, false, false}));
}

TEST(Field, InterfaceWildcardsAreIntervals) {
  const IntervalSet eth = interfaces_beginning("eth");
  EXPECT_TRUE(eth.contains(interface_value("eth0")));
  EXPECT_TRUE(eth.contains(interface_value("eth")));
  EXPECT_FALSE(eth.contains(interface_value("et")));
  EXPECT_FALSE(eth.contains(interface_value("fth0")));
  EXPECT_FALSE(eth.contains(0)) << "no interface at all";
  EXPECT_EQ(interface_name(interface_value("enp3s0")), "enp3s0");
  EXPECT_EQ(values_text(Field::InputInterface, eth), "eth*");
}

TEST(Field, FamiliesShareNoAddress) {
  const IntervalSet v4 = domain_of(Field::SourceAddress, RuleFamily::Ip4);
  const IntervalSet v6 = domain_of(Field::SourceAddress, RuleFamily::Ip6);
  EXPECT_FALSE(v4.meets(v6));
  EXPECT_EQ(v4.united(v6), IntervalSet::all(128));
  EXPECT_TRUE(v4.contains(address_value(*IpAddress::parse("192.0.2.1"))));
  EXPECT_EQ(values_text(Field::SourceAddress, values_of(*IpPrefix::parse("192.0.2.0/24"))), "192.0.2.0/24");
}

TEST(Field, StatesAreToldByName) {
  const auto both = values_of(ConnectionState::New).united(values_of(ConnectionState::Related));
  EXPECT_EQ(values_text(Field::ConnectionState, both), "new, related");
  EXPECT_TRUE(both.contains(connection_state_value(ConnectionState::New, true, false)));
  EXPECT_TRUE(domain_of(Field::ConnectionState, RuleFamily::Inet).covers(both));
}

}  // namespace
}  // namespace mailweir::rules
