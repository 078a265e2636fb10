#include "explain/pasted_text.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

namespace mailweir::rules {
namespace {

std::string syn(int source, int port, std::string_view prefix = "DROP ") {
  return fmt::format(
      "Nov 22 10:00:00 gw kernel: {}IN=eth0 OUT= SRC=203.0.113.{} DST=192.0.2.1 LEN=60 TOS=0x00 PREC=0x00 TTL=50 ID=1 "
      "PROTO=TCP SPT=40000 "
      "DPT={} WINDOW=64240 RES=0x00 SYN URGP=0\n",
      prefix, source, port);
}

TEST(PastedText, LinesOfOneKindAreOneGroup) {
  std::string text = "some words\n";
  for (int i = 1; i <= 20; ++i) text += syn(i, 25);
  text += syn(1, 22) + syn(1, 25, "OTHER ");
  const PastedText pasted = read_pasted_text(text);
  ASSERT_EQ(pasted.groups.size(), 3U);
  EXPECT_EQ(pasted.log_lines, 22U);
  EXPECT_EQ(pasted.groups[0].lines, 20U);
  EXPECT_EQ(pasted.groups[0].sources, 20U);
  EXPECT_EQ(pasted.groups[0].number, 2U);
  EXPECT_EQ(pasted.groups[0].ports, 1U);
}

TEST(PastedText, WhatOneHostDoesToManyPortsIsAScanAndOneGroup) {
  std::string scan, visitors;
  for (std::size_t i = 0; i != kScanPorts; ++i) scan += syn(1, 20 + static_cast<int>(i));
  const PastedText pasted = read_pasted_text(scan);
  ASSERT_EQ(pasted.groups.size(), 1U);
  EXPECT_TRUE(pasted.groups[0].scan);
  EXPECT_EQ(pasted.groups[0].ports, kScanPorts);
  for (std::size_t i = 0; i + 1 != kScanPorts; ++i) visitors += syn(1, 20 + static_cast<int>(i));
  EXPECT_FALSE(read_pasted_text(visitors).groups[0].scan);
}

TEST(PastedText, RulesAreThoseBeforeTheFirstLine) {
  const std::string before = "# INPUT\n-A INPUT -j LOG --log-prefix \"DROP \"\n", after = "-I INPUT 1 -j DROP\n";
  EXPECT_EQ(read_pasted_text(before + syn(1, 25) + after).rules, "-A INPUT -j LOG --log-prefix \"DROP \"\n");
  EXPECT_EQ(read_pasted_text(syn(1, 25) + after).rules, after);
  EXPECT_TRUE(read_pasted_text(syn(1, 25)).rules.empty());
}

TEST(PastedText, LimitsCountWhatTheyLeaveOut) {
  std::string text(kPasteLimits.line_bytes_max + 1, 'x');
  text += '\n';
  for (std::size_t i = 0; i != kPasteLimits.groups_max + 5; ++i) text += syn(1, 25, fmt::format("P{} ", i));
  const PastedText pasted = read_pasted_text(text);
  EXPECT_EQ(pasted.long_lines, 1U);
  EXPECT_EQ(pasted.groups.size(), kPasteLimits.groups_max);
  EXPECT_EQ(pasted.lines_left_out, 5U);
}

TEST(PastedText, AFullTableIsCounted) {
  EXPECT_EQ(read_pasted_text("kernel: nf_conntrack: table full, dropping packet\n" + syn(1, 25)).table_full, 1U);
}

}  // namespace
}  // namespace mailweir::rules
