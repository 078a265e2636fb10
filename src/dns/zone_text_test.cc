#include "dns/zone_text.h"

#include <gtest/gtest.h>

namespace mailweir {
namespace {

const Time kNow = *parse_time("2026-11-22T12:00:00Z");
const std::string kZone = "100.51.198.in-addr.arpa";

ZoneFacts facts() { return {{"ns1.example.net", "ns2.example.net"}, true, "hostmaster.example.net", 3600}; }

std::vector<NamedAddress> pool() {
  return *names_by_pattern("out{n}.example.net", 1, {*parse_range("198.51.100.8-198.51.100.11")});
}

TEST(ZoneSerial, IsTheDateAndAlwaysGrows) {
  EXPECT_EQ(next_serial(std::nullopt, kNow), 2026112201U);
  EXPECT_EQ(next_serial(2026112201, kNow), 2026112202U);
  EXPECT_EQ(next_serial(2026112100, kNow), 2026112201U);
  EXPECT_EQ(next_serial(2026112299, kNow), 2026112300U) << "more than a hundred changes a day";
  EXPECT_EQ(next_serial(1, kNow), 2026112201U);
  EXPECT_EQ(next_serial(4'100'000'000, kNow), 4'100'000'001U) << "ahead by RFC 1982: back would be no growth";
  EXPECT_EQ(next_serial(UINT32_MAX, kNow), 2026112201U) << "just behind zero";
}

TEST(ZoneText, IsAWholeZoneInCanonicalOrder) {
  const auto zone = zone_text(kZone, pool(), facts(), nullptr, kNow);
  ASSERT_TRUE(zone);
  EXPECT_EQ(
      zone->text.substr(zone->text.find("$ORIGIN")),
      "$ORIGIN 100.51.198.in-addr.arpa.\n"
      "$TTL 3600\n"
      "@                       IN SOA   ns1.example.net. hostmaster.example.net. 2026112201 21600 3600 1209600 3600\n"
      "@                       IN NS    ns1.example.net.\n"
      "@                       IN NS    ns2.example.net.\n"
      "10                      IN PTR   out3.example.net.\n"
      "11                      IN PTR   out4.example.net.\n"
      "8                       IN PTR   out1.example.net.\n"
      "9                       IN PTR   out2.example.net.\n");
  EXPECT_EQ(zone->text, zone_text(kZone, pool(), facts(), nullptr, kNow)->text);
  EXPECT_EQ(forward_text(pool(), 3600).substr(0, 59), "out1.example.net.               3600 IN A     198.51.100.8\n");
}

TEST(ZoneText, AnEarlierFileKeepsWhatIsNotOurs) {
  const std::string old =
      "$TTL 7200\n@ IN SOA ns.old.example. admin.old.example. (\n  2026112511 ; Serial\n 21600 3600 3600000 86400 )\n"
      "  IN NS ns.old.example.\n"
      "$ORIGIN 100.51.198.in-addr.arpa.\n"
      "8 IN PTR dynamic.pool.example.net.\n"
      "200 IN PTR Mail.Example.Org.\n"
      "200 600 IN TXT \"two words\" \"; no comment\"\n"
      "201 IN CNAME 201.200/29\n";
  const auto records = read_zone_file(old, kZone);
  ASSERT_TRUE(records) << records.error().text();
  ZoneFacts ours = facts();
  ours.servers_said = false;
  const auto zone = zone_text(kZone, pool(), ours, &*records, kNow);
  ASSERT_TRUE(zone) << zone.error().text();
  EXPECT_EQ(zone->serial, 2026112512U);
  EXPECT_EQ(zone->kept, 4U);
  EXPECT_EQ(zone->replaced, 1U);
  for (const char* line :
       {"SOA   ns.old.example. admin.old.example. 2026112512 21600 3600 3600000 86400\n", " NS    ns.old.example.\n",
        "PTR   mail.example.org.\n", "200                     600 IN TXT   \"two words\" \"; no comment\"\n",
        "CNAME 201.200/29.100.51.198.in-addr.arpa.\n", "IN PTR   out1.example.net.\n"})
    EXPECT_NE(zone->text.find(line), std::string::npos) << line << "in\n" << zone->text;
  EXPECT_EQ(zone->text.find("dynamic"), std::string::npos);
  // And again: nothing but the serial changes.
  const auto own = read_zone_file(zone->text, kZone);
  const auto again = zone_text(kZone, pool(), ours, &*own, kNow);
  std::string expected = zone->text;
  expected.replace(expected.find("2026112512"), 10, "2026112513");
  EXPECT_EQ(again->text, expected);
}

TEST(ZoneText, WhatCannotBeKeptIsRefusedWithItsLine) {
  for (const auto& [text, word] : {std::pair("$TTL 1\n$INCLUDE other.zone\n", "line 2"),
                                   std::pair("\n\n$GENERATE 1-9 $ PTR a$.example.\n", "line 3"),
                                   std::pair("8 IN PTR\n", "line 1"), std::pair("8 IN NONSENSE x\n", "line 1")}) {
    const auto records = read_zone_file(text, kZone);
    ASSERT_FALSE(records) << text;
    EXPECT_NE(records.error().text().find(word), std::string::npos) << records.error().text();
  }
  const auto elsewhere = read_zone_file("@ IN SOA a. b. 1 1 1 1 1\nexample.net. IN A 192.0.2.1\n", kZone);
  EXPECT_FALSE(zone_text(kZone, pool(), facts(), &*elsewhere, kNow));
  const auto alias = read_zone_file("@ IN SOA a. b. 1 1 1 1 1\n8 IN CNAME 8.0/28\n", kZone);
  EXPECT_FALSE(zone_text(kZone, pool(), facts(), &*alias, kNow)) << "a name cannot be an alias and have a PTR record";
}

TEST(ZoneText, TheZoneAbovePointsToParts) {
  const auto plan = plan_zones({*parse_range("198.51.100.8/30")}, std::nullopt);
  const std::string text = aliases_text(plan->at(0), pool(), facts());
  EXPECT_NE(text.find("8/30.100.51.198.in-addr.arpa.   3600 IN NS    ns1.example.net.\n"), std::string::npos) << text;
  EXPECT_NE(text.find("8.100.51.198.in-addr.arpa.      3600 IN CNAME 8.8/30.100.51.198.in-addr.arpa.\n"),
            std::string::npos)
      << text;
}

}  // namespace
}  // namespace mailweir
