#include "base/prefix_set.h"

#include <gtest/gtest.h>

#include <random>

namespace mailweir {
namespace {

TEST(PrefixSet, AgreesWithAskingEveryPrefix) {
  const unsigned seed = 20261122;
  std::mt19937 random(seed);
  for (int round = 0; round < 200; ++round) {
    std::vector<IpPrefix> prefixes;
    for (unsigned i = 0; i < random() % 12; ++i) {
      // A small corner of the address space, so that prefixes nest, touch and overlap.
      const IpAddress v4 = IpAddress::v4(0x0a000000 | (random() & 0xff));
      const IpAddress v6{0xfd16'0000'0000'0000ULL | (random() & 3), 0xffff'ffff'ffff'ff00ULL | (random() & 0xff)};
      prefixes.push_back(random() % 2 ? IpPrefix::of(v4, 24 + int(random() % 9))
                                      : IpPrefix::of(v6, 120 + int(random() % 9)));
    }
    const PrefixSet set(prefixes);
    for (std::uint32_t i = 0; i < 256; ++i) {
      for (const IpAddress address : {IpAddress::v4(0x0a000000 | i),
                                      IpAddress{0xfd16'0000'0000'0000ULL | (i & 3), 0xffff'ffff'ffff'ff00ULL | i}}) {
        bool expected = false;
        for (const IpPrefix& prefix : prefixes) expected |= prefix.contains(address);
        ASSERT_EQ(set.contains(address), expected) << "seed " << seed << " round " << round << " " << address.text();
      }
    }
  }
}

TEST(PrefixSet, AllOfIpv6HoldsNoIpv4) {
  const auto parse = [](const char* text) { return IpPrefix::parse(text).value(); };
  const PrefixSet v6(std::vector{parse("::/0")});
  EXPECT_FALSE(v6.contains(IpAddress::v4(0)));
  EXPECT_FALSE(v6.contains(IpAddress::v4(~0U)));
  for (const char* text : {"::", "::fffe:ffff:ffff", "::1:0:0:0", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"})
    EXPECT_TRUE(v6.contains(IpAddress::parse(text).value())) << text;
  const PrefixSet both(std::vector{parse("::/0"), parse("10.0.0.0/8")});
  EXPECT_TRUE(both.contains(IpAddress::v4(0x0a000001)));
  EXPECT_FALSE(both.contains(IpAddress::v4(0x0b000000)));
}

TEST(PrefixSet, EmptyContainsNothing) {
  EXPECT_FALSE(PrefixSet().contains(IpAddress::v4(1)));
  EXPECT_TRUE(PrefixSet().empty());
}

}  // namespace
}  // namespace mailweir
