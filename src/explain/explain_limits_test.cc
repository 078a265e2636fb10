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

// Chains that each jump twice to the next, that go round in a circle, or deeper than is followed.
TEST(ExplainLimits, ChainsThatNeverComeToAnEnd) {
  std::string chains, doubling = "-A OUTPUT -j C0\n", deep = doubling;
  for (int i = 0; i != 100; ++i) chains += fmt::format(":C{} - [0:0]\n", i);
  for (int i = 0; i != 29; ++i) doubling += fmt::format("-A C{0} -j C{1}\n-A C{0} -j C{1}\n", i, i + 1);
  for (int i = 0; i != 99; ++i) deep += fmt::format("-A C{} -j C{}\n", i, i + 1);
  for (const std::string& rules : {doubling, deep, std::string("-A OUTPUT -j C0\n-A C0 -g C1\n-A C1 -g C0\n")}) {
    const Explained answer(
        "*filter\n:OUTPUT ACCEPT [0:0]\n" + chains + rules + "-A OUTPUT -j LOG --log-prefix \"L: \"\nCOMMIT\n", kLine);
    EXPECT_FALSE(answer.all().groups.empty());
    ASSERT_FALSE(answer.first().notes.empty());
    EXPECT_NE(answer.first().notes.front().find("not followed to its end"), std::string::npos)
        << answer.first().notes.front();
  }
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
