// Each defect planted, and found by its name.
#include "dns/check_address.h"

#include <gtest/gtest.h>

#include "dns/sentences.h"
#include "tests/support/pool_world.h"

namespace mailweir {
namespace {

using testing::ids;
using testing::kResolver;
using testing::Manner;
using testing::PoolWorld;
using Ids = std::vector<std::string>;

const std::string kOwner = "100.100.51.198.in-addr.arpa";

std::string pointer(const std::string& name) { return kOwner + " PTR " + name + "\n"; }

void expect(PoolWorld& world, Fitness fitness, const Ids& problems) {
  const AddressReport report = world.check_one();
  EXPECT_EQ(name_of(report.fitness), name_of(fitness));
  EXPECT_EQ(ids(report.problems), problems);
  for (const Problem& problem : report.problems) {
    EXPECT_FALSE(text_of(problem).empty());
    EXPECT_FALSE(fix_of(problem).empty());
  }
}

TEST(CheckAddress, ConfirmedIsFit) {
  PoolWorld world;
  const AddressReport report = world.check_one();
  EXPECT_EQ(report.fitness, Fitness::Fit);
  EXPECT_EQ(report.names, Ids{"out1.example.net"});
  EXPECT_TRUE(report.problems.empty());
}

TEST(CheckAddress, OfIPv6TheSame) {
  PoolWorld world("", "out6.example.net AAAA 2001:db8::25\n");
  world.wishes.ranges = {*parse_range("2001:db8::25")};
  world.both("0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa",
             "0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa SOA ns1.example.net 1\n"
             "5.2.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa PTR out6.example.net\n");
  expect(world, Fitness::Fit, {});
}

TEST(CheckAddress, NoPtr) {
  PoolWorld world("101.100.51.198.in-addr.arpa PTR out1.example.net\n");
  expect(world, Fitness::MustNotSend, {"no-ptr"});
}

TEST(CheckAddress, PtrWithoutForward) {
  PoolWorld nothing("100.100.51.198.in-addr.arpa PTR out9.example.net\n");
  expect(nothing, Fitness::MustNotSend, {"not-confirmed"});
  PoolWorld other_family(pointer("out1.example.net"), "out1.example.net AAAA 2001:db8::1\n");
  expect(other_family, Fitness::MustNotSend, {"not-confirmed"});
}

TEST(CheckAddress, ForwardToAnotherAddress) {
  PoolWorld world(pointer("out1.example.net"), "out1.example.net A 198.51.100.1\nout1.example.net A 198.51.100.2\n");
  expect(world, Fitness::MustNotSend, {"forward-elsewhere"});
  EXPECT_EQ(world.check_one().problems[0].detail, "198.51.100.1, 198.51.100.2");
}

TEST(CheckAddress, OneOfManyAddressesIsEnough) {
  std::string forward;
  for (int i = 0; i < 101; ++i) forward += "out1.example.net A 198.51.100." + std::to_string(i) + "\n";
  PoolWorld world(pointer("out1.example.net"), forward);
  expect(world, Fitness::Fit, {});
}

TEST(CheckAddress, ThroughAnAliasIsFitWithANote) {
  PoolWorld world(pointer("out1.example.net"),
                  "out1.example.net CNAME a.example.net\na.example.net A 198.51.100.100\n");
  const AddressReport report = world.check_one();
  EXPECT_EQ(report.fitness, Fitness::Fit);
  EXPECT_TRUE(report.problems.empty());
  EXPECT_EQ(ids(report.notes), Ids{"ptr-to-alias"});
}

TEST(CheckAddress, Rfc2317DelegationIsFollowed) {
  PoolWorld world(kOwner + " CNAME 100.100/30.100.51.198.in-addr.arpa\n");
  world.both("100/30.100.51.198.in-addr.arpa",
             "100/30.100.51.198.in-addr.arpa SOA ns1.example.net 5\n"
             "100/30.100.51.198.in-addr.arpa NS ns1.example.net\n100/30.100.51.198.in-addr.arpa NS ns2.example.net\n"
             "100.100/30.100.51.198.in-addr.arpa PTR out1.example.net\n");
  const PoolReport report = world.check();
  EXPECT_EQ(report.addresses.at(0).fitness, Fitness::Fit);
  EXPECT_TRUE(report.addresses.at(0).notes.empty());
  ASSERT_EQ(report.zones.size(), 2U) << "the part has servers of its own";
  EXPECT_EQ(report.zones[1].zone, "100/30.100.51.198.in-addr.arpa");
}

TEST(CheckAddress, AliasesInACircle) {
  PoolWorld forward(pointer("out1.example.net"),
                    "out1.example.net CNAME a.example.net\na.example.net CNAME out1.example.net\n");
  expect(forward, Fitness::MustNotSend, {"cname-loop"});
  PoolWorld reverse(kOwner + " CNAME b.example.net\n",
                    "b.example.net CNAME c.example.net\nc.example.net CNAME b.example.net\n");
  expect(reverse, Fitness::MustNotSend, {"cname-loop"});
  std::string chain = "out1.example.net CNAME n0.example.net\n";
  for (int i = 0; i < 30; ++i)
    chain += "n" + std::to_string(i) + ".example.net CNAME n" + std::to_string(i + 1) + ".example.net\n";
  PoolWorld endless(pointer("out1.example.net"), chain);
  expect(endless, Fitness::MustNotSend, {"cname-loop"});
}

TEST(CheckAddress, GenericNamesAreDistrusted) {
  PoolWorld world(pointer("198-51-100-100.dyn.example.net"), "198-51-100-100.dyn.example.net A 198.51.100.100\n");
  expect(world, Fitness::Distrusted, {"generic-name"});
}

TEST(CheckAddress, SeveralNames) {
  PoolWorld good(pointer("out1.example.net") + pointer("out2.example.net"),
                 "out1.example.net A 198.51.100.100\nout2.example.net A 198.51.100.100\n");
  expect(good, Fitness::Distrusted, {"many-ptr"});
  PoolWorld mixed(pointer("out1.example.net") + pointer("out2.example.net"), "out1.example.net A 198.51.100.100\n");
  expect(mixed, Fitness::Distrusted, {"many-ptr", "not-confirmed"});
  PoolWorld same_twice(pointer("out1.example.net") + pointer("out1.example.net"));
  expect(same_twice, Fitness::Fit, {});
}

TEST(CheckAddress, TwoHundredNames) {
  std::string reverse, forward;
  for (int i = 0; i < 200; ++i) {
    reverse += pointer("n" + std::to_string(i) + ".example.net");
    if (i != 77) forward += "n" + std::to_string(i) + ".example.net A 198.51.100.100\n";
  }
  PoolWorld world(reverse, forward);
  const AddressReport report = world.check_one();
  EXPECT_EQ(report.names.size(), 200U);
  EXPECT_EQ(ids(report.problems), (Ids{"many-ptr", "not-confirmed"}));
  EXPECT_EQ(report.problems[1].name, "n77.example.net");
}

TEST(CheckAddress, NamesNoHostCanHave) {
  for (const char* name : {R"(a\027[31m.example.net)", R"(b\228\184.example.net)", R"(\060script\062.example.net)"}) {
    PoolWorld world(pointer(name));
    const AddressReport report = world.check_one();
    EXPECT_EQ(ids(report.problems), Ids{"bad-name"}) << name;
    EXPECT_EQ(report.fitness, Fitness::MustNotSend);
  }
  PoolWorld underscore(pointer("out_1.example.net"), "out_1.example.net A 198.51.100.100\n");
  expect(underscore, Fitness::Distrusted, {"bad-name"});
  PoolWorld dot_forgotten(pointer("mail.example.net.100.51.198.in-addr.arpa"));
  expect(dot_forgotten, Fitness::MustNotSend, {"bad-name", "not-confirmed"});
}

TEST(CheckAddress, WhoDoesNotAnswerLeavesItUnknown) {
  const std::vector<std::pair<Manner, std::string>> manners{{Manner::ServFail, "servfail"},
                                                            {Manner::Refused, "refused"},
                                                            {Manner::Silent, "timeout"},
                                                            {Manner::Broken, "broken-answer"},
                                                            {Manner::FormErr, "broken-answer"}};
  for (const auto& [manner, id] : manners) {
    PoolWorld reverse;
    reverse.dns.behave(kResolver, kOwner, manner);
    expect(reverse, Fitness::Unknown, {id});
    PoolWorld forward;
    forward.dns.behave(kResolver, "out1.example.net", manner);
    expect(forward, Fitness::Unknown, {id});
  }
}

TEST(CheckAddress, OneNameConfirmedAndOneUnknownIsDoubtful) {
  PoolWorld world(pointer("out1.example.net") + pointer("out2.example.net"));
  world.dns.behave(kResolver, "out2.example.net", Manner::ServFail);
  expect(world, Fitness::Distrusted, {"many-ptr", "servfail"});
}

TEST(CheckAddress, TheNameInHeloIsTheNameOfTheAddress) {
  PoolWorld world;
  const IpAddress address = *IpAddress::parse("198.51.100.100");
  world.wishes.helo[address] = "out1.example.net";
  expect(world, Fitness::Fit, {});
  world.wishes.helo[address] = "mail.example.net";
  expect(world, Fitness::Distrusted, {"helo-mismatch"});
}

TEST(CheckAddress, NoAddressOfTheInternet) {
  PoolWorld world;
  world.wishes.ranges = {*parse_range("10.0.0.1")};
  const AddressReport report = world.check_one();
  EXPECT_EQ(report.fitness, Fitness::MustNotSend);
  EXPECT_EQ(ids(report.problems).front(), "not-public");
}

}  // namespace
}  // namespace mailweir
