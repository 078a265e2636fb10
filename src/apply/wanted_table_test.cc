#include "apply/wanted_table.h"

#include <gtest/gtest.h>

namespace mailweir {
namespace {

WantedTable some_table() {
  WantedTable wanted;
  wanted.clients = {*IpPrefix::parse("172.16.9.0/24"), *IpPrefix::parse("172.16.0.0/12"),
                    *IpPrefix::parse("fd16::/32")};
  wanted.ports = {25};
  wanted.log_group = 7;
  return wanted;
}

bool has(const std::string& text, std::string_view part) { return text.find(part) != std::string::npos; }

TEST(WantedTable, APolicyBecomesPortsAndPrefixes) {
  Policy policy;
  policy.gateway.emplace();
  policy.gateway->clients.value = {*IpPrefix::parse("172.16.0.0/12")};
  policy.gateway->transfer.value = Answer::Allow;
  policy.block.how.value = BlockHow::Drop;
  const WantedTable wanted = wanted_table(policy, 7);
  EXPECT_EQ(wanted.ports, (std::vector<std::uint16_t>{465, 587}));
  EXPECT_EQ(wanted.clients, policy.gateway->clients.value);
  EXPECT_EQ(wanted.how, BlockHow::Drop);
}

TEST(WantedTable, OneRuleLooksAtForeignTraffic) {
  const std::string text = table_text(some_table());
  EXPECT_TRUE(has(text, "add rule inet mailweir mw_forward th dport 25 jump mw_mail"));
  EXPECT_EQ(text.find("add rule inet mailweir mw_forward"), text.rfind("add rule inet mailweir mw_forward"));
}

TEST(WantedTable, SeveralPortsAreComparedByTheBitsTheyShareAndThenExactly) {
  WantedTable wanted = some_table();
  wanted.ports = {25, 465, 587};
  const std::string text = table_text(wanted);
  // 25, 465 and 587 are 0000011001, 0111010001 and 1001001011: bits 0 (set), 2, 5 and 10 to 15 (clear) are the same.
  EXPECT_TRUE(has(text, "mw_forward @th,0,32 & 0x0000fc25 == 0x00000001 jump mw_mail"));
  EXPECT_LT(text.find("mw_mail th dport != { 25, 465, 587 } return"), text.find("mw_mail ip saddr @exempt4"));
  for (const unsigned port : wanted.ports) EXPECT_EQ(port & 0xfc25U, 1U);
  for (const unsigned port : {80U, 443U, 22U, 53U, 993U, 8080U}) EXPECT_NE(port & 0xfc25U, 1U) << port;
}

TEST(WantedTable, PrefixesInsideOthersAreLeftOut) {
  EXPECT_TRUE(has(table_text(some_table()), "add element inet mailweir clients4 { 172.16.0.0/12 }\n"));
}

TEST(WantedTable, BlocksAreNeverFlushed) {
  const std::string text = table_text(some_table());
  EXPECT_FALSE(has(text, "flush set inet mailweir blocked"));
  EXPECT_FALSE(has(text, "flush set inet mailweir transfer_only"));
  EXPECT_FALSE(has(text, "delete"));
  EXPECT_FALSE(has(text, "flush ruleset"));
}

TEST(WantedTable, BlockedSourcesAreAskedBeforeAnythingIsLogged) {
  const std::string text = table_text(some_table());
  EXPECT_LT(text.rfind("@blocked6 counter"), text.find(" log group 7"));
  EXPECT_TRUE(has(text, "reject with tcp reset"));
  WantedTable dropping = some_table();
  dropping.how = BlockHow::Drop;
  EXPECT_FALSE(has(table_text(dropping), "reject"));
}

TEST(WantedTable, TheMarkerTellsTablesApart) {
  WantedTable other = some_table();
  EXPECT_EQ(table_marker(other), table_marker(some_table()));
  other.log_group = 8;
  EXPECT_NE(table_marker(other), table_marker(some_table()));
  EXPECT_TRUE(has(table_text(other), "comment \"" + table_marker(other) + "\""));
}

}  // namespace
}  // namespace mailweir
