#include "proof/rule_count.h"

#include <gtest/gtest.h>

namespace mailweir {
namespace {

TEST(RuleCount, CountersAreAddedUpByRule) {
  constexpr std::string_view kListing =
      "\t\ttcp dport 25 counter packets 3 bytes 180 log comment \"host.transfer.log m.toml:3\"\n"
      "\t\ttcp dport 25 counter packets 2 bytes 120 reject comment \"host.transfer m.toml:3\"\n"
      "\t\tip6 daddr ::/0 tcp dport 25 counter packets 1 bytes 80 reject comment \"host.transfer m.toml:3\"\n"
      "\t\ttcp dport 587 counter packets 9 bytes 900 reject comment \"host.submission\"\n"
      "\t\taccept\n";
  const RuleCounts counts = count_rules(kListing);
  EXPECT_EQ(counts.size(), 3U);
  EXPECT_EQ(count_of(counts, "host.transfer").rules, 2U);
  EXPECT_EQ(count_of(counts, "host.transfer").packets, 3U);
  EXPECT_EQ(count_of(counts, "host.transfer").bytes, 200U);
  EXPECT_EQ(count_of(counts, "host.submission").packets, 9U);
  EXPECT_EQ(count_of(counts, "host").rules, 0U);
}

}  // namespace
}  // namespace mailweir
