// What is wrong with the zone of a pool, each defect planted. None of it changes the verdict of an address.
#include "dns/check_zone.h"

#include <gtest/gtest.h>

#include "dns/sentences.h"
#include "tests/support/pool_world.h"

namespace mailweir {
namespace {

using testing::ids;
using testing::kAbove;
using testing::kOne;
using testing::kResolver;
using testing::kTwo;
using testing::Manner;
using testing::PoolWorld;
using Ids = std::vector<std::string>;

const std::string kZone = "100.51.198.in-addr.arpa";

Ids zone_problems(PoolWorld& world) {
  const PoolReport report = world.check();
  EXPECT_EQ(report.addresses.at(0).fitness, Fitness::Fit);
  EXPECT_EQ(report.zones.size(), 1U);
  return report.zones.empty() ? Ids{} : ids(report.zones[0].problems);
}

TEST(CheckZone, TwoServersInStepAsTheParentDelegates) {
  PoolWorld world;
  const PoolReport report = world.check();
  ASSERT_EQ(report.zones.size(), 1U);
  const ZoneReport& zone = report.zones[0];
  EXPECT_EQ(zone.zone, kZone);
  EXPECT_TRUE(zone.servers_asked);
  EXPECT_TRUE(zone.problems.empty());
  ASSERT_EQ(zone.servers.size(), 2U);
  EXPECT_EQ(zone.servers[0].name, "ns1.example.net");
  EXPECT_TRUE(zone.servers[0].answers && zone.servers[1].answers);
  EXPECT_EQ(zone.servers[1].serial, 2026112201U);
}

TEST(CheckZone, Lame) {
  PoolWorld refuses;
  refuses.dns.behave(kTwo, kZone, Manner::Refused);
  EXPECT_EQ(zone_problems(refuses), Ids{"refused"});
  PoolWorld lame;
  lame.dns.recursive(kTwo);  // answers, but with no authority of its own
  EXPECT_EQ(zone_problems(lame), Ids{"lame"});
}

TEST(CheckZone, WhoIsLameIsFoundThroughTheDelegation) {
  PoolWorld world;  // no server has the zone: the resolver finds none, the zone above still names them
  for (const Endpoint& server : {kOne, kTwo}) world.dns.forget(server, kZone);
  world.dns.behave(kResolver, kZone, Manner::ServFail);
  const PoolReport report = world.check();
  ASSERT_EQ(report.zones.size(), 1U);
  EXPECT_EQ(report.zones[0].servers.size(), 2U);
  EXPECT_EQ(ids(report.zones[0].problems), (Ids{"refused", "refused"}));
}

TEST(CheckZone, TheResolverFailsWhereAllServersAnswer) {
  PoolWorld world;
  world.dns.behave_for(kResolver, kZone, RecordType::Ns, Manner::ServFail);
  EXPECT_EQ(zone_problems(world), Ids{"servfail"});
}

TEST(CheckZone, ServersThatFail) {
  for (const auto& [manner, id] : {std::pair(Manner::ServFail, "servfail"), std::pair(Manner::Silent, "timeout"),
                                   std::pair(Manner::Broken, "broken-answer")}) {
    PoolWorld world;
    world.dns.behave(kOne, kZone, manner);
    EXPECT_EQ(zone_problems(world), Ids{id});
  }
}

TEST(CheckZone, OutOfStep) {
  PoolWorld world;
  world.dns.replace_serial(kTwo, kZone, 2026112107);
  EXPECT_EQ(zone_problems(world), Ids{"servers-disagree"});
}

TEST(CheckZone, OneServerOnly) {
  PoolWorld world;
  world.dns.drop(kZone, "ns2.example.net");
  EXPECT_EQ(zone_problems(world), Ids{"one-name-server"});
}

TEST(CheckZone, TheDelegationNamesOthers) {
  PoolWorld world;
  world.dns.serve(kAbove, "51.198.in-addr.arpa", kZone + " NS ns3.example.net\n");
  const PoolReport report = world.check();
  ASSERT_EQ(ids(report.zones.at(0).problems), (Ids{"no-server-address", "parent-disagrees"}));
  EXPECT_EQ(report.zones[0].problems[1].detail, "only in the delegation: ns3.example.net");
}

TEST(CheckZone, AllInOneNetwork) {
  PoolWorld world;
  world.dns.move("ns2.example.net", *IpAddress::parse("192.0.2.54"));
  world.dns.copy(kOne, {*IpAddress::parse("192.0.2.54"), 53});
  EXPECT_EQ(zone_problems(world), Ids{"same-network"});
}

TEST(CheckZone, AServerWithoutAnAddress) {
  PoolWorld world;
  world.dns.drop("ns2.example.net", "203.0.113.53");
  EXPECT_EQ(zone_problems(world), Ids{"no-server-address"});
}

TEST(CheckZone, Wildcard) {
  PoolWorld world("*.100.51.198.in-addr.arpa PTR out1.example.net\n");
  EXPECT_EQ(zone_problems(world), Ids{"wildcard-ptr"});
}

TEST(CheckZone, NobodyDelegatedIt) {
  PoolWorld world;
  world.dns = {};
  world.dns.recursive(kResolver);
  world.dns.serve(kResolver, "198.in-addr.arpa", "198.in-addr.arpa SOA z.arin.example 1\n");
  const PoolReport report = world.check();
  EXPECT_EQ(ids(report.addresses.at(0).problems), Ids{"no-ptr"});
  EXPECT_EQ(ids(report.zones.at(0).problems), Ids{"not-delegated"});
}

TEST(CheckZone, WithoutADelegationTheNamedServersAreAsked) {
  PoolWorld world;
  world.dns.forget(kResolver, kZone);  // as before the delegation
  world.wishes.zone_way = ZoneWay::AskNamed;
  world.wishes.name_servers = {{"ns1.example.net", {}}, {"203.0.113.53", {kTwo}}};
  const PoolReport report = world.check();
  EXPECT_EQ(report.addresses.at(0).fitness, Fitness::Fit) << "PTR from them, the forward names from the resolver";
  ASSERT_EQ(report.zones.size(), 1U);
  EXPECT_EQ(report.zones[0].servers.size(), 2U);
  EXPECT_TRUE(report.zones[0].servers[0].answers && report.zones[0].servers[1].answers);
}

TEST(CheckZone, NamedServersThatAreNotReady) {
  PoolWorld world;
  world.wishes.zone_way = ZoneWay::AskNamed;
  world.wishes.name_servers = {{"ns1.example.net", {kOne}}, {"ns2.example.net", {kTwo}}};
  world.dns.behave(kTwo, "*", Manner::Refused);
  const PoolReport report = world.check();
  EXPECT_EQ(report.addresses.at(0).fitness, Fitness::Fit);
  EXPECT_EQ(ids(report.zones.at(0).problems), Ids{"refused"});
}

TEST(CheckZone, TheResolverAloneTellsWhatItKnows) {
  PoolWorld world;
  world.wishes.zone_way = ZoneWay::AskResolver;
  const PoolReport report = world.check();
  ASSERT_EQ(report.zones.size(), 1U);
  EXPECT_FALSE(report.zones[0].servers_asked);
  EXPECT_TRUE(report.zones[0].problems.empty());
  for (const auto& [server, question] : world.door.asked) EXPECT_EQ(server, kResolver) << question.name;
}

TEST(CheckZone, AskedAuthoritativelyNobodysMemoryCounts) {
  PoolWorld world;
  world.wishes.mode = Lookup::Mode::Authoritative;
  const PoolReport report = world.check();
  EXPECT_EQ(report.addresses.at(0).fitness, Fitness::Fit);
  bool pointer_by_resolver = false;
  for (const auto& [server, question] : world.door.asked)
    pointer_by_resolver = pointer_by_resolver || (server == kResolver && question.type == RecordType::Ptr);
  EXPECT_FALSE(pointer_by_resolver);
}

TEST(CheckZone, AuthoritativelyALameZoneIsLame) {
  PoolWorld world;
  world.wishes.mode = Lookup::Mode::Authoritative;
  for (const Endpoint& server : {kOne, kTwo}) world.dns.recursive(server);
  EXPECT_EQ(ids(world.check_one().problems), Ids{"lame"});
  EXPECT_EQ(world.check_one().fitness, Fitness::Unknown);
}

TEST(CheckZone, AuthoritativelyReferralsAreFollowed) {
  PoolWorld world;
  world.wishes.mode = Lookup::Mode::Authoritative;
  // The resolver knows the zone above only; that one refers to kOne and kTwo.
  world.dns.forget(kResolver, kZone);
  world.dns.serve(kAbove, "51.198.in-addr.arpa", "");
  EXPECT_EQ(world.check_one().fitness, Fitness::Fit);
}

}  // namespace
}  // namespace mailweir
