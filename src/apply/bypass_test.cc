#include "apply/bypass.h"

#include <gtest/gtest.h>

namespace mailweir {
namespace {

constexpr char kListing[] = R"(table inet mailweir {
	comment "managed by mailweir: changes are taken back"
	set blocked4 {
		type ipv4_addr
		flags timeout
	}
	chain mw_forward {
		type filter hook forward priority filter - 5; policy accept;
		th dport 25 jump mw_mail comment "gateway.mail"
	}
	chain mw_mail {
		ip saddr @blocked4 counter packets 3 bytes 180 reject with tcp reset comment "blocks.transfer"
		tcp dport 25 limit rate 1/second burst 20 packets counter packets 20 bytes 1200 log prefix "x" comment "gateway.transfer.log t.toml:3"
		tcp dport 25 counter packets 50 bytes 3000 reject with tcp reset comment "gateway.transfer t.toml:3"
		tcp dport 587 counter packets 90 bytes 1 jump mw_clients_over comment "gateway.submission t.toml:4"
		tcp dport 587 limit rate 1/second burst 20 packets counter packets 5 bytes 1 log prefix "y" comment "gateway.submission.log t.toml:4"
		tcp dport 587 counter packets 7 bytes 1 drop comment "gateway.submission.over t.toml:4"
	}
}
)";

TEST(Bypass, NothingInTheWay) {
  const auto table = parse_listing(kListing);
  ASSERT_TRUE(table);
  EXPECT_TRUE(bypasses_of(*table, {}).empty());
  EXPECT_EQ(parts_of(*table), 9U);
}

TEST(Bypass, AFlowtableTakesTheRulesAboutOpenConnections) {
  const auto found = bypasses_of(*parse_listing(kListing), {"inet filter ft"});
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].parts, 1U);
  EXPECT_NE(found[0].text.find("inet filter ft"), std::string::npos);
}

TEST(Bypass, ATableThatIsSwitchedOffDoesNothing) {
  std::string text = kListing;
  text.insert(text.find("\tcomment"), "\tflags dormant\n");
  const auto table = parse_listing(text);
  ASSERT_TRUE(table);
  const auto found = bypasses_of(*table, {"inet filter ft"});
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].parts, parts_of(*table));
}

TEST(LogCounts, WhatTheLimitsKeptBack) {
  const std::vector<RulePackets> rules{{"gateway.mail", 0},           {"gateway.transfer.log", 15},
                                       {"gateway.transfer.log", 5},   {"gateway.transfer", 50},
                                       {"gateway.submission", 90},    {"gateway.submission.log", 5},
                                       {"gateway.submission.over", 7}};
  const LogCounts counts = log_counts(rules);
  EXPECT_EQ(counts.written, 25U);
  EXPECT_EQ(counts.seen, 57U);
  EXPECT_EQ(log_counts({}).seen, 0U);
}

}  // namespace
}  // namespace mailweir
