#include "detect/destination_group.h"

#include <gtest/gtest.h>

#include "detect/provider_groups.h"

namespace mailweir {
namespace {

DestinationGroup group(const char* text) { return destination_group(*IpAddress::parse(text)); }

TEST(DestinationGroup, IsA24OrA48) {
  EXPECT_EQ(group("198.51.100.1"), group("198.51.100.255"));
  EXPECT_NE(group("198.51.100.1"), group("198.51.101.1"));
  EXPECT_EQ(group("2001:db8:1:ffff::1"), group("2001:db8:1::"));
  EXPECT_NE(group("2001:db8:1::1"), group("2001:db8:2::1"));
}

TEST(DestinationGroup, OfAProviderIsTheProviderInBothFamilies) {
  EXPECT_EQ(group("142.250.102.26"), group("2a00:1450:4013:c00::1a"));
  EXPECT_EQ(group("40.93.1.1"), group("52.101.68.3"));
  EXPECT_NE(group("142.250.102.26"), group("40.93.1.1"));
}

TEST(ProviderGroups, EndWhereTheirNetworksEnd) {
  const auto name = [](const char* text) {
    const std::uint16_t provider = provider_of(*IpAddress::parse(text));
    return provider == 0 ? std::string_view("none") : provider_name(provider);
  };
  EXPECT_EQ(name("64.233.159.255"), "none");
  EXPECT_EQ(name("64.233.160.0"), "Google");
  EXPECT_EQ(name("64.233.191.255"), "Google");
  EXPECT_EQ(name("64.233.192.0"), "none");
  EXPECT_EQ(name("2a00:1450:4fff:ffff:ffff:ffff:ffff:ffff"), "Google");
  EXPECT_EQ(name("2a00:1450:5000::"), "none");
  EXPECT_EQ(name("2a01:111:f403:c000::"), "Microsoft");
  EXPECT_EQ(name("67.195.204.77"), "Yahoo");
  EXPECT_EQ(name("17.57.155.25"), "Apple");
  EXPECT_EQ(name("212.227.15.9"), "GMX, WEB.DE, IONOS");
  EXPECT_EQ(name("255.255.255.255"), "none");
  EXPECT_EQ(name("0.0.0.0"), "none");
  EXPECT_EQ(name("ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"), "none");
}

}  // namespace
}  // namespace mailweir
