#include "apply/table_change.h"

#include <gtest/gtest.h>

#include "tests/support/fake_nft.h"

namespace mailweir {
namespace {

using Op = TableChange::Op;

constexpr std::string_view kOld =
    "add table inet mailweir { comment \"ours\"; }\n"
    "add set inet mailweir blocked4 { type ipv4_addr; size 10; flags timeout; }\n"
    "add set inet mailweir clients4 { type ipv4_addr; flags interval; }\n"
    "add element inet mailweir clients4 { 10.0.0.0/8, 172.16.0.0/12 }\n"
    "add chain inet mailweir mw_in { type filter hook input priority filter - 5; policy drop; }\n"
    "add rule inet mailweir mw_in tcp dport 22 accept\n"
    "add rule inet mailweir mw_in tcp dport 25 accept\n";
constexpr std::string_view kNew =
    "add table inet mailweir { comment \"ours\"; }\n"
    "add set inet mailweir blocked4 { type ipv4_addr; size 10; flags timeout; }\n"
    "add set inet mailweir clients4 { type ipv4_addr; flags interval; }\n"
    "add element inet mailweir clients4 { 172.16.0.0/12 }\n"
    "add chain inet mailweir mw_out { type filter hook output priority filter - 5; policy accept; }\n"
    "add rule inet mailweir mw_out tcp dport 25 drop comment \"mailweir 0123456789abcdef\"\n";

ListedTable made_by(std::string_view text) {
  FakeNft nft;
  EXPECT_TRUE(nft.load(std::string(text)));
  return *nft.table();
}

FakeNft with_blocks(std::string_view text) {
  FakeNft nft;
  EXPECT_TRUE(nft.load(
      std::string(text) +
      "add element inet mailweir blocked4 { 10.0.0.1 timeout 1h expires 30m, 10.0.0.2 timeout 1h expires 5m }\n"));
  return nft;
}

TEST(TableChange, TheDifferenceNamesRulesElementsAndChains) {
  const auto changes = table_difference(made_by(kOld), made_by(kNew));
  const std::vector<TableChange> expected = {
      {Op::Remove, "chain mw_in", ""},
      {Op::Remove, "set clients4", "10.0.0.0/8"},
      {Op::Add, "chain mw_out", ""},
      {Op::Add, "chain mw_out", "type filter hook output priority filter - 5; policy accept;"},
      {Op::Add, "chain mw_out", "tcp dport 25 drop"},
  };
  // The marker is shown with the rule but is no difference by itself.
  ASSERT_EQ(changes.size(), expected.size());
  for (std::size_t i = 0; i < changes.size(); ++i) {
    EXPECT_EQ(changes[i].where, expected[i].where);
    EXPECT_EQ(without_marker(changes[i].what), expected[i].what);
  }
  EXPECT_TRUE(table_difference(made_by(kNew), made_by(kNew)).empty());
}

TEST(TableChange, TheOrderOfRulesIsADifference) {
  ListedTable turned = made_by(kOld);
  std::swap(turned.objects.back().lines[1], turned.objects.back().lines[2]);
  EXPECT_EQ(table_difference(made_by(kOld), turned).size(), 2U);
}

TEST(TableChange, WhatWasThereAndIsNotWantedGoesAndBlocksStay) {
  FakeNft nft = with_blocks(kOld);
  const auto there = nft.table();
  ASSERT_TRUE(nft.load(change_statements(there, made_by(kNew), std::string(kNew))));
  EXPECT_EQ(table_digest(*nft.table()), table_digest(made_by(kNew)));
  EXPECT_EQ(nft.table()->find("chain", "mw_in"), nullptr) << "a chain that drops must not stay behind";
  EXPECT_EQ(nft.table()->find("set", "blocked4")->elements, there->find("set", "blocked4")->elements);
}

TEST(TableChange, BlocksAreCarriedIntoASetThatIsDeclaredOtherwise) {
  FakeNft nft = with_blocks(kOld);
  const auto there = nft.table();
  std::string larger(kNew);
  larger.replace(larger.find("size 10"), 7, "size 99");
  ASSERT_TRUE(nft.load(change_statements(there, made_by(larger), larger)));
  EXPECT_EQ(table_digest(*nft.table()), table_digest(made_by(larger)));
  EXPECT_EQ(nft.table()->find("set", "blocked4")->elements, there->find("set", "blocked4")->elements);
}

TEST(TableChange, TheWayBackBringsTheRulesBackAndLeavesBlocksMadeSince) {
  FakeNft nft = with_blocks(kOld);
  const auto before = nft.table();
  ASSERT_TRUE(nft.load(change_statements(before, made_by(kNew), std::string(kNew))));
  ASSERT_TRUE(nft.load("add element inet mailweir blocked4 { 10.0.0.3 timeout 1h expires 1h }\n"));
  ASSERT_TRUE(nft.load(way_back_statements(nft.table(), before, std::chrono::minutes(1))));
  EXPECT_EQ(table_digest(*nft.table()), table_digest(*before));
  EXPECT_EQ(nft.table()->find("set", "blocked4")->elements.size(), 3U);
}

TEST(TableChange, AfterAFlushTheWayBackBringsBlocksThatStillRun) {
  const auto before = with_blocks(kOld).table();
  FakeNft nft;
  ASSERT_TRUE(nft.load(way_back_statements(std::nullopt, before, std::chrono::minutes(10))));
  EXPECT_EQ(nft.table()->find("set", "blocked4")->elements,
            (std::vector<std::string>{"10.0.0.1 timeout 1h expires 1200s0ms"}));
}

TEST(TableChange, BackToNoTableAtAll) {
  FakeNft nft = with_blocks(kNew);
  ASSERT_TRUE(nft.load(way_back_statements(nft.table(), std::nullopt, {})));
  EXPECT_FALSE(nft.table());
  EXPECT_EQ(way_back_statements(std::nullopt, std::nullopt, {}), "");
}

}  // namespace
}  // namespace mailweir
