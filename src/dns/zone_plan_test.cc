#include "dns/zone_plan.h"

#include <gtest/gtest.h>

namespace mailweir {
namespace {

std::vector<std::string> zones(std::initializer_list<const char*> texts, const char* delegated = nullptr) {
  std::vector<AddressRange> ranges;
  for (const char* text : texts) ranges.push_back(*parse_range(text));
  const auto plan = plan_zones(merged(ranges), delegated == nullptr ? std::nullopt : IpPrefix::parse(delegated));
  std::vector<std::string> names;
  if (!plan) return {plan.error().text()};
  for (const ReverseZone& zone : *plan)
    names.push_back(zone.zone + (zone.aliases_in.empty() ? "" : " in " + zone.aliases_in));
  return names;
}
using Names = std::vector<std::string>;

TEST(ZonePlan, OctetBorders) {
  EXPECT_EQ(zones({"198.51.100.0/24"}), Names{"100.51.198.in-addr.arpa"});
  EXPECT_EQ(zones({"198.51.0.0/16"}), Names{"51.198.in-addr.arpa"});
  EXPECT_EQ(zones({"198.51.100.0/23"}), (Names{"100.51.198.in-addr.arpa", "101.51.198.in-addr.arpa"}));
  EXPECT_EQ(zones({"198.51.100.0/25", "198.51.100.128/25"}), Names{"100.51.198.in-addr.arpa"});
  EXPECT_EQ(zones({"255.255.255.0/24"}), Names{"255.255.255.in-addr.arpa"});
}

TEST(ZonePlan, SmallerPartsAreRfc2317) {
  EXPECT_EQ(zones({"198.51.100.64/26"}), Names{"64/26.100.51.198.in-addr.arpa in 100.51.198.in-addr.arpa"});
  EXPECT_EQ(zones({"198.51.100.100-198.51.100.110"}),
            Names{"100-110.100.51.198.in-addr.arpa in 100.51.198.in-addr.arpa"});
  EXPECT_EQ(zones({"198.51.100.7"}), Names{"7/32.100.51.198.in-addr.arpa in 100.51.198.in-addr.arpa"});
  EXPECT_EQ(zones({"198.51.100.200-198.51.101.255"}),
            (Names{"200-255.100.51.198.in-addr.arpa in 100.51.198.in-addr.arpa", "101.51.198.in-addr.arpa"}));
}

TEST(ZonePlan, InAZoneThatIsDelegatedAsAWhole) {
  EXPECT_EQ(zones({"198.51.100.100-198.51.100.103"}, "198.51.100.0/24"), Names{"100.51.198.in-addr.arpa"});
  EXPECT_EQ(zones({"198.51.100.100"}, "198.51.96.0/20"), Names{"100.51.198.in-addr.arpa"});
  EXPECT_EQ(zones({"198.51.100.100"}, "198.51.0.0/16"), Names{"51.198.in-addr.arpa"});
  EXPECT_EQ(zones({"198.51.100.100"}, "198.51.100.96/27"),
            Names{"96/27.100.51.198.in-addr.arpa in 100.51.198.in-addr.arpa"});
  EXPECT_NE(zones({"198.51.101.1"}, "198.51.100.0/24").at(0).find("--delegated"), std::string::npos);
}

TEST(ZonePlan, NibbleBorders) {
  EXPECT_EQ(zones({"2001:db8::1-2001:db8::10"}), Names{"0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa"});
  EXPECT_EQ(zones({"2001:db8::1"}, "2001:db8::/32"), Names{"8.b.d.0.1.0.0.2.ip6.arpa"});
  EXPECT_EQ(zones({"2001:db8::1"}, "2001:db8::/46"), Names{"0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa"});
}

TEST(ZonePlan, EveryAddressHasItsPlace) {
  const auto owner = [](const char* zone, const char* address) {
    return owner_in(zone, *IpAddress::parse(address)).value_or("no");
  };
  EXPECT_EQ(owner("100.51.198.in-addr.arpa", "198.51.100.7"), "7.100.51.198.in-addr.arpa");
  EXPECT_EQ(owner("51.198.in-addr.arpa", "198.51.100.7"), "7.100.51.198.in-addr.arpa");
  EXPECT_EQ(owner("0/26.100.51.198.in-addr.arpa", "198.51.100.7"), "7.0/26.100.51.198.in-addr.arpa");
  EXPECT_EQ(owner("100.51.198.in-addr.arpa", "198.51.101.7"), "no");
  EXPECT_EQ(owner("0/26.100.51.198.in-addr.arpa", "198.51.101.7"), "no");
  EXPECT_EQ(owner("example.net", "198.51.100.7"), "no");
  EXPECT_EQ(owner("8.b.d.0.1.0.0.2.ip6.arpa", "2001:db9::"), "no");
}

}  // namespace
}  // namespace mailweir
