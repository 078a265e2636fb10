#include "apply/listed_table.h"

#include <gtest/gtest.h>

namespace mailweir {
namespace {

// As nft 1.0.6 prints it.
constexpr std::string_view kListing = R"(table inet mailweir {
	comment "managed by mailweir: changes are taken back"
	set blocked4 {
		type ipv4_addr
		size 1000
		flags timeout
		counter
		elements = { 172.16.0.5 counter packets 3 bytes 180 timeout 1h expires 29m59s968ms comment "mw-1, {odd}",
			     172.16.0.6 counter packets 0 bytes 0 timeout 2h expires 1h59m59s comment "mw-2" }
	}

	set clients4 {
		type ipv4_addr
		flags interval
		elements = { 172.16.0.0/12 }
	}

	chain mw_mail {
		ip saddr @blocked4 counter packets 7 bytes 420 reject with tcp reset
	}

	chain mw_forward {
		type filter hook forward priority filter - 5; policy accept;
		tcp dport { 25, 465 } jump mw_mail comment "mailweir 0123456789abcdef"
	}
}
)";

ListedTable parsed(std::string_view text) {
  auto table = parse_listing(text);
  EXPECT_TRUE(table);
  return table.value_or(ListedTable{});
}

std::string replaced(std::string text, std::string_view from, std::string_view to) {
  const auto at = text.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  return text.replace(at, from.size(), to);
}

TEST(ListedTable, SetsChainsAndElementsAreTold) {
  const ListedTable table = parsed(kListing);
  const TableObject* blocked = table.find("set", "blocked4");
  ASSERT_NE(blocked, nullptr);
  EXPECT_TRUE(blocked->has_life());
  ASSERT_EQ(blocked->elements.size(), 2U) << "a comma in a comment ends no element, a line neither";
  EXPECT_EQ(blocked->elements[0], R"(172.16.0.5 counter timeout 1h expires 29m59s968ms comment "mw-1, {odd}")");
  EXPECT_FALSE(table.find("set", "clients4")->has_life());
  EXPECT_EQ(table.find("chain", "mw_mail")->lines,
            (std::vector<std::string>{"ip saddr @blocked4 counter reject with tcp reset"}));
}

TEST(ListedTable, PrintedAndReadAgainItIsTheSame) {
  const ListedTable table = parsed(kListing);
  EXPECT_EQ(parsed(print_listing(table)), table);
}

TEST(ListedTable, TheDigestIsAboutWhatIsDecidedNotAboutBlocksAndCounts) {
  const std::string text(kListing);
  const std::string digest = table_digest(parsed(text));
  EXPECT_EQ(table_digest(parsed(replaced(text, "packets 7 bytes 420", "packets 8 bytes 480"))), digest);
  EXPECT_EQ(table_digest(parsed(replaced(text, "172.16.0.6", "172.16.0.7"))), digest);
  EXPECT_NE(table_digest(parsed(replaced(text, "172.16.0.0/12", "10.0.0.0/8"))), digest);
  EXPECT_NE(table_digest(parsed(replaced(text, "policy accept", "policy drop"))), digest);
}

TEST(ListedTable, WhatIsNoListingIsRefused) {
  for (const char* text :
       {"", "table ip filter {\n}\n", "table inet mailweir {\n", "table inet mailweir {\n\tset a {\n}\n",
        "table inet mailweir {\n\tset a {\n\t\telements = { 1,\n\t}\n}\n"}) {
    EXPECT_FALSE(parse_listing(text)) << text;
  }
}

TEST(ListedTable, AnElementAgesAndEnds) {
  const std::string element = R"(172.16.0.5 timeout 1h expires 29m59s968ms comment "mw-1")";
  EXPECT_EQ(aged_element(element, std::chrono::minutes(29)),
            R"(172.16.0.5 timeout 1h expires 59s968ms comment "mw-1")");
  EXPECT_EQ(aged_element(element, std::chrono::minutes(30)), std::nullopt);
  EXPECT_EQ(aged_element("172.16.0.5 timeout 2d expires 1d1h", std::chrono::hours(24)),
            "172.16.0.5 timeout 2d expires 3600s0ms");
  EXPECT_EQ(aged_element("172.16.0.0/12", std::chrono::hours(24)), "172.16.0.0/12");
}

TEST(ListedTable, OnlyTheMarkerIsTakenOff) {
  EXPECT_EQ(without_marker(R"(tcp dport 25 jump mw_mail comment "mailweir 0123456789abcdef")"),
            "tcp dport 25 jump mw_mail");
  EXPECT_EQ(without_marker(R"(drop comment "host.transfer")"), R"(drop comment "host.transfer")");
}

}  // namespace
}  // namespace mailweir
