#include "base/ip.h"

#include <gtest/gtest.h>

#include <array>

namespace mailweir {
namespace {

IpAddress ip(const char* text) { return IpAddress::parse(text).value(); }

TEST(IpAddress, PrintsCanonically) {
  for (const char* text : {"0.0.0.0", "172.16.9.25", "255.255.255.255", "::", "::1", "fd16::1", "2001:db8::7:0:1"}) {
    EXPECT_EQ(ip(text).text(), text);
  }
  EXPECT_EQ(ip("2001:DB8:0:0::1").text(), "2001:db8::1");
  EXPECT_EQ(ip("::ffff:10.0.0.1"), ip("10.0.0.1"));
}

TEST(IpAddress, RefusesWhatIsNoAddress) {
  for (const char* text : {"", "1.2.3", "1.2.3.4.5", "256.1.1.1", "1.2.3.4 ", "fe80::1%eth0", "1.2.3.4/24", "g::1",
                           "01.2.3.4.", "1111:2222:3333:4444:5555:6666:7777:8888:9999"}) {
    EXPECT_FALSE(IpAddress::parse(text)) << text;
  }
}

TEST(IpAddress, WritesNetworkOrder) {
  std::array<std::uint8_t, 16> bytes{};
  ip("10.1.2.3").write(bytes);
  EXPECT_EQ(IpAddress::v4(std::span(bytes).last<4>()), ip("10.1.2.3"));
  ip("2001:db8::9").write(bytes);
  EXPECT_EQ(IpAddress::v6(bytes), ip("2001:db8::9"));
}

TEST(IpPrefix, ContainsExactlyItsOwn) {
  const auto v4 = IpPrefix::parse("172.16.0.0/12").value();
  EXPECT_TRUE(v4.contains(ip("172.16.0.0")));
  EXPECT_TRUE(v4.contains(ip("172.31.255.255")));
  EXPECT_FALSE(v4.contains(ip("172.32.0.0")));
  EXPECT_FALSE(v4.contains(ip("172.15.255.255")));
  EXPECT_FALSE(v4.contains(ip("ac10::")));
  const auto v6 = IpPrefix::parse("fd16::/32").value();
  EXPECT_TRUE(v6.contains(ip("fd16:0:ffff::1")));
  EXPECT_FALSE(v6.contains(ip("fd16:1::")));
  EXPECT_TRUE(IpPrefix::parse("::/0")->contains(ip("::1")));
  EXPECT_TRUE(IpPrefix::parse("0.0.0.0/0")->contains(ip("9.9.9.9")));
  EXPECT_FALSE(IpPrefix::parse("0.0.0.0/0")->contains(ip("::1")));
  EXPECT_FALSE(IpPrefix::parse("::/0")->contains(ip("9.9.9.9")));
  EXPECT_FALSE(IpPrefix::parse("::/0")->contains(IpPrefix::parse("0.0.0.0/0").value()));
}

TEST(IpPrefix, ReadsAndPrints) {
  for (const char* text : {"172.16.0.0/12", "10.0.0.1", "fd16::/32", "2001:db8::/64", "0.0.0.0/0", "::1"}) {
    EXPECT_EQ(IpPrefix::parse(text).value().text(), text);
  }
  for (const char* text :
       {"172.16.0.1/12", "10.0.0.0/33", "fd16::/129", "10.0.0.0/", "10.0.0.0/-1", "/8", "10.0.0.0/8x"}) {
    EXPECT_FALSE(IpPrefix::parse(text)) << text;
  }
}

}  // namespace
}  // namespace mailweir
