#include "dns/name.h"

#include <gtest/gtest.h>

namespace mailweir {
namespace {

TEST(Name, IsLowerCaseWithoutItsLastDot) {
  EXPECT_EQ(canonical_name("Mail.Example.NET."), "mail.example.net");
  EXPECT_EQ(canonical_name("."), "");
  EXPECT_EQ(canonical_name(R"(a\.)"), R"(a\.)");   // an escaped dot belongs to the label
  EXPECT_EQ(canonical_name(R"(a\\.)"), R"(a\\)");  // an escaped backslash does not escape the dot
}

TEST(Name, EscapedDotsDoNotEndALabel) {
  EXPECT_EQ(labels_of(R"(a\.b.example)"), (std::vector<std::string_view>{R"(a\.b)", "example"}));
  EXPECT_EQ(parent_name(R"(a\.b.example)"), "example");
  EXPECT_EQ(parent_name("example"), "");
  EXPECT_EQ(parent_name(""), "");
}

TEST(Name, IsUnderItsZoneByWholeLabels) {
  EXPECT_TRUE(is_under("a.example.net", "example.net"));
  EXPECT_TRUE(is_under("example.net", "example.net"));
  EXPECT_TRUE(is_under("example.net", ""));
  EXPECT_FALSE(is_under("notexample.net", "example.net"));
  EXPECT_FALSE(is_under("net", "example.net"));
}

TEST(Name, OrderGoesByTheLastLabelFirst) {
  EXPECT_TRUE(comes_before("z.a.example", "a.b.example"));
  EXPECT_TRUE(comes_before("example", "a.example"));
  EXPECT_FALSE(comes_before("a.example", "a.example"));
}

TEST(Name, HostNames) {
  for (const char* good : {"mail.example.net", "a-1.b.example", "1.example.net", "xn--bcher-kva.example"})
    EXPECT_FALSE(host_name_mistake(good)) << good;
  for (const char* bad : {"", "localhost", "a_b.example", "-a.example", "a-.example", "a..example", R"(a\000b.example)",
                          "<b>.example", "192.0.2.1", "mail.1", "mail.example.net.2.0.192.in-addr.arpa"})
    EXPECT_TRUE(host_name_mistake(bad)) << bad;
  EXPECT_FALSE(host_name_mistake(std::string(63, 'a') + ".example"));
  EXPECT_TRUE(host_name_mistake(std::string(64, 'a') + ".example"));
}

TEST(Name, ReverseNamesThereAndBack) {
  const IpAddress v4 = *IpAddress::parse("192.0.2.4"), v6 = *IpAddress::parse("2001:db8::4");
  EXPECT_EQ(reverse_name(v4), "4.2.0.192.in-addr.arpa");
  EXPECT_EQ(reverse_name(v6), "4.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa");
  EXPECT_EQ(network_of_reverse_name(reverse_name(v4)), IpPrefix::host(v4));
  EXPECT_EQ(network_of_reverse_name(reverse_name(v6)), IpPrefix::host(v6));
  EXPECT_EQ(reverse_zone_name(*IpPrefix::parse("192.0.2.0/24")), "2.0.192.in-addr.arpa");
  EXPECT_EQ(reverse_zone_name(*IpPrefix::parse("2001:db8::/32")), "8.b.d.0.1.0.0.2.ip6.arpa");
  EXPECT_EQ(network_of_reverse_name("2.0.192.in-addr.arpa"), IpPrefix::parse("192.0.2.0/24"));
  for (const char* other : {"64/26.2.0.192.in-addr.arpa", "256.in-addr.arpa", "1.2.3.4.5.in-addr.arpa", "10.ip6.arpa",
                            "example.net", "in-addr.arpa.example"})
    EXPECT_FALSE(network_of_reverse_name(other)) << other;
}

}  // namespace
}  // namespace mailweir
