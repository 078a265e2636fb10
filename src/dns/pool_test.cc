#include "dns/pool.h"

#include <gtest/gtest.h>

namespace mailweir {
namespace {

AddressRange range(const char* text) { return *parse_range(text); }

TEST(Pool, ReadsAddressesRangesAndPrefixes) {
  EXPECT_EQ(range("192.0.2.0/30"), (AddressRange{*IpAddress::parse("192.0.2.0"), *IpAddress::parse("192.0.2.3")}));
  EXPECT_EQ(range("192.0.2.7").size(), 1U);
  EXPECT_EQ(range("192.0.2.7-192.0.2.9").size(), 3U);
  EXPECT_EQ(range("0.0.0.0/0").size(), 4294967296U);
  EXPECT_EQ(range("2001:db8::/64").size(), UINT64_MAX);
  EXPECT_EQ(range("2001:db8::/32").size(), UINT64_MAX);
  EXPECT_EQ(range("2001:db8::ffff:ffff:ffff:ffff-2001:db8:0:1::").size(), 2U);
  for (const char* text : {"", "x", "192.0.2.9-192.0.2.7", "192.0.2.1-2001:db8::1", "192.0.2.1/24", "192.0.2.1-"})
    EXPECT_FALSE(parse_range(text)) << text;
}

TEST(Pool, ShowsThemAsShortAsTheyAre) {
  EXPECT_EQ(range("192.0.2.0-192.0.2.3").text(), "192.0.2.0/30");
  EXPECT_EQ(range("192.0.2.1-192.0.2.3").text(), "192.0.2.1-192.0.2.3");
  EXPECT_EQ(range("2001:db8::/64").text(), "2001:db8::/64");
}

TEST(Pool, WhatOverlapsOrTouchesIsOne) {
  const auto all = merged({range("2001:db8::1"), range("192.0.2.4/30"), range("192.0.2.0/30"), range("192.0.2.6/31"),
                           range("198.51.100.0/24")});
  ASSERT_EQ(all.size(), 3U);
  EXPECT_EQ(all[0].text(), "192.0.2.0/29");
  EXPECT_EQ(all[2].text(), "2001:db8::1");
  EXPECT_EQ(merged({range("255.255.255.255"), range("::1")}).size(), 2U);
  EXPECT_EQ(merged({range("192.0.2.0/24"), range("192.0.2.7")}).size(), 1U);
}

}  // namespace
}  // namespace mailweir
