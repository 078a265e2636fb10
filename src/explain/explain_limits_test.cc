// Large and hostile questions end, and say what was left out. No times are asserted: a hang is what the test's own
// limit is for.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include "tests/support/explained.h"

namespace mailweir::rules {
namespace {

constexpr char kLine[] =
    "L: IN= OUT=eth0 SRC=192.0.2.1 DST=198.51.100.7 LEN=40 TTL=64 ID=0 DF PROTO=TCP SPT=3594 DPT=80 WINDOW=0 RES=0x00 "
    "RST URGP=0\n";

TEST(ExplainLimits, ManyRulesAndTheOneThatLogsAtTheirEnd) {
  std::string rules = "-A INPUT -p tcp -j REJECT --reject-with tcp-reset\n";
  for (int i = 0; i != 3'000; ++i)
    rules += fmt::format("-A OUTPUT -d 10.{}.{}.0/24 -p tcp --dport 25 -j ACCEPT\n", i / 256, i % 256);
  rules += "-A OUTPUT -j LOG --log-prefix \"L: \"\n";
  const Explained answer(rules, kLine);
  EXPECT_EQ(answer.rule(), "OUTPUT 3001");
  EXPECT_EQ(answer.first().passed_over.size(), kExplainLimits.before_max);
  EXPECT_EQ(answer.first().passed_over_left_out, 3'000 - kExplainLimits.before_max);
  EXPECT_EQ(answer.likeliest(), "reset-by-reject");
}

TEST(ExplainLimits, EveryRuleHangsOnSomethingUnknown) {
  std::string rules;
  for (int i = 0; i != 200; ++i) rules += fmt::format("-A OUTPUT -m string --algo bm --string \"s{}\" -j ACCEPT\n", i);
  rules += "-A OUTPUT -j LOG --log-prefix \"L: \"\n";
  EXPECT_FALSE(Explained(rules, kLine).all().groups.empty());
}

TEST(ExplainLimits, ChainsDeeperThanAreFollowed) {
  std::string chains, rules = "-A OUTPUT -j C0\n";
  for (int i = 0; i != 100; ++i) chains += fmt::format(":C{} - [0:0]\n", i);
  for (int i = 0; i != 99; ++i) rules += fmt::format("-A C{} -j C{}\n", i, i + 1);
  const Explained answer(
      "*filter\n:OUTPUT ACCEPT [0:0]\n" + chains + rules + "-A OUTPUT -j LOG --log-prefix \"L: \"\nCOMMIT\n", kLine);
  const auto& notes = answer.first().notes;
  EXPECT_TRUE(std::ranges::any_of(
      notes, [](const std::string& note) { return note.find("more than 64 chains deep") != std::string::npos; }));
}

TEST(ExplainLimits, ALineOfTenMegabytesIsCountedAndNotRead) {
  std::string text(std::size_t{10} << 20, 'A');
  text += '\n';
  text += kLine;
  const Explained answer("", text);
  EXPECT_EQ(answer.pasted().long_lines, 1U);
  ASSERT_FALSE(answer.all().notes.empty());
  EXPECT_NE(answer.all().notes.front().find("longer than"), std::string::npos);
}

TEST(ExplainLimits, MoreKindsOfLinesThanAreExplained) {
  std::string text;
  for (std::size_t i = 0; i != kExplainLimits.groups_max + 7; ++i) text += fmt::format("P{} {}", i, kLine);
  const Explained answer("", text);
  EXPECT_EQ(answer.all().groups.size(), kExplainLimits.groups_max);
  EXPECT_NE(answer.all().notes.back().find("7 more groups"), std::string::npos);
}

}  // namespace
}  // namespace mailweir::rules
