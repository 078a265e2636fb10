// Rulesets made to take for ever end, and what was left out is counted. No times are asserted: a hang is what the
// test's own limit is for.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "lint/lint.h"
#include "ruleset/read_ruleset.h"

namespace mailweir::rules {
namespace {

class LintBounds : public testing::Test {
 protected:
  void read(const std::string& chains, const std::string& rules) {
    Diagnostics remarks;
    ruleset_ = read_iptables("*filter\n:INPUT ACCEPT [0:0]\n" + chains + rules + "COMMIT\n", {}, remarks);
    report_ = lint(ruleset_);
  }
  [[nodiscard]] bool found(std::string_view id) const {
    return std::ranges::find(report_.findings, id, &Finding::id) != report_.findings.end();
  }
  static std::string declared(int chains) {
    std::string text;
    for (int i = 0; i != chains; ++i) text += fmt::format(":C{} - [0:0]\n", i);
    return text;
  }
  Ruleset ruleset_;
  LintReport report_;
};

TEST_F(LintBounds, ChainsThatDoubleEnd) {
  std::string rules = "-A INPUT -j C0\n";
  for (int i = 0; i != 29; ++i) rules += fmt::format("-A C{0} -j C{1}\n-A C{0} -j C{1}\n", i, i + 1);
  read(declared(30), rules);
  EXPECT_FALSE(report_.findings.empty());
}

TEST_F(LintBounds, ChainsDeeperThanTheKernelTakesThemEnd) {
  std::string rules = "-A INPUT -j C0\n";
  for (int i = 0; i != 999; ++i) rules += fmt::format("-A C{} -j C{}\n", i, i + 1);
  read(declared(1000), rules);
  EXPECT_TRUE(found("chain-to-nowhere"));
}

TEST_F(LintBounds, CirclesAreToldOf) {
  read(declared(2), "-A INPUT -j C0\n-A C0 -j C1\n-A C1 -j C0\n");
  EXPECT_TRUE(found("chain-to-nowhere"));
  read(declared(2), "-A INPUT -j C0\n-A C0 -g C1\n-A C1 -g C0\n");
  EXPECT_TRUE(found("chain-to-nowhere"));
}

// 300 chains that each lead to five others.
TEST_F(LintBounds, ChainsThatAllLeadIntoEachOtherEnd) {
  std::string rules = "-A INPUT -j C0\n";
  for (int i = 0; i != 300; ++i)
    for (int k = 0; k != 5; ++k) rules += fmt::format("-A C{} -j C{}\n", i, (i * 7 + k * 13 + 1) % 300);
  read(declared(300), rules);
  EXPECT_TRUE(found("chain-to-nowhere"));
}

TEST_F(LintBounds, ALineOfTenMegabytesEnds) {
  read("", "-A INPUT -m comment --comment \"" + std::string(std::size_t{10} << 20, 'x') + "\" -j DROP\n");
  EXPECT_FALSE(report_.findings.empty());
}

}  // namespace
}  // namespace mailweir::rules
