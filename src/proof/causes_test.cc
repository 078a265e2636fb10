#include "proof/causes.h"

#include <gtest/gtest.h>

namespace mailweir {
namespace {

OtherChain chain(const char* family, const char* hook, int priority, std::optional<std::uint64_t> packets) {
  OtherChain made;
  made.family = family;
  made.table = "f";
  made.chain = "c";
  made.hook = hook;
  made.priority = priority;
  made.rules = {{"c", "rule 3 (drop)", packets, false}};
  return made;
}

std::vector<Cause> causes(const OtherChain& before, const OtherChain& after, RuleHook hook, bool v4,
                          Stretch stretch = Stretch::BeforeUs) {
  return others_causes({{before}, {}, {}}, {{after}, {}, {}}, hook, v4, stretch);
}

std::size_t on_way(const OtherChain& one, RuleHook hook, bool v4, Stretch stretch = Stretch::BeforeUs) {
  return causes(one, one, hook, v4, stretch).size();
}

TEST(Causes, OnlyChainsOnTheWayAreSuspected) {
  EXPECT_EQ(on_way(chain("inet", "output", -100, {}), RuleHook::Output, true), 1U);
  EXPECT_EQ(on_way(chain("inet", "output", -5, {}), RuleHook::Output, true), 1U)
      << "made before us or after us: unknown";
  EXPECT_EQ(on_way(chain("inet", "output", 0, {}), RuleHook::Output, true), 0U) << "after us";
  EXPECT_EQ(on_way(chain("inet", "output", 0, {}), RuleHook::Output, true, Stretch::AfterUs), 1U);
  EXPECT_EQ(on_way(chain("ip", "output", -100, {}), RuleHook::Output, false), 0U) << "IPv4 only";
  EXPECT_EQ(on_way(chain("ip6", "output", -100, {}), RuleHook::Output, false), 1U);
  EXPECT_EQ(on_way(chain("inet", "prerouting", 300, {}), RuleHook::Output, true), 0U);
  EXPECT_EQ(on_way(chain("inet", "prerouting", 300, {}), RuleHook::Forward, true), 1U);
  EXPECT_EQ(on_way(chain("netdev", "ingress", 0, {}), RuleHook::Input, false), 1U);
  EXPECT_EQ(on_way(chain("inet", "input", -100, {}), RuleHook::Forward, true), 0U);
  EXPECT_EQ(on_way(chain("inet", "postrouting", 0, {}), RuleHook::Forward, true, Stretch::AfterUs), 1U);
}

TEST(Causes, ACounterThatMovedConvicts) {
  const auto found = causes(chain("inet", "output", -100, 4), chain("inet", "output", -100, 5), RuleHook::Output, true);
  ASSERT_EQ(found.size(), 1U);
  EXPECT_TRUE(found[0].convicted);
  EXPECT_EQ(found[0].kind, CauseKind::EarlierDrop);
  EXPECT_EQ(found[0].text, "table inet f, chain c (hook output, priority -100) took it before us: rule 3 (drop)");
  const auto still = causes(chain("inet", "output", -100, 4), chain("inet", "output", -100, 4), RuleHook::Output, true);
  ASSERT_EQ(still.size(), 1U);
  EXPECT_FALSE(still[0].convicted);
}

TEST(Causes, OneConvictedLetsTheSuspectsGo) {
  const OtherRules before{{chain("inet", "output", -100, 4), chain("ip", "output", -50, {})}, {}, {"more"}};
  const OtherRules after{{chain("inet", "output", -100, 5), chain("ip", "output", -50, {})}, {}, {"more"}};
  EXPECT_EQ(others_causes(before, before, RuleHook::Output, true, Stretch::BeforeUs).size(), 3U);
  EXPECT_EQ(others_causes(before, after, RuleHook::Output, true, Stretch::BeforeUs).size(), 1U);
}

TEST(Causes, NamesOfOthersAreEscaped) {
  OtherChain evil = chain("inet", "output", -100, {});
  evil.table = "a\x1b[31m";
  const auto found = causes(evil, evil, RuleHook::Output, true);
  EXPECT_EQ(found[0].text.find('\x1b'), std::string::npos);
  EXPECT_EQ(found[0].table.find('\x1b'), std::string::npos);
}

class OwnTable : public testing::Test {
 protected:
  OwnTable() {
    RuleInfo rule;
    rule.id = "host.transfer";
    rule.chain = "mw_host";
    rule.effect = RuleEffect::Stop;
    table_.rules = {rule, rule};
    table_.rules[0].id = "host.replies";
    table_.rules[0].effect = RuleEffect::Pass;
  }
  std::vector<Cause> causes_of(const std::string& hooked, const std::string& host, bool v4 = true) const {
    const auto text = [&](const char* replies) {
      return "table inet mailweir {\n\tchain mw_output {\n\t\ttype filter hook output priority filter - 5; policy "
             "accept;\n" +
             hooked + "\t}\n\n\tchain mw_host {\n\t\tct direction reply counter packets " + replies +
             " bytes 0 return comment \"host.replies\"\n" + host + "\t}\n}\n";
    };
    return own_causes(text(moved_), count_rules(text("0")), count_rules(text(moved_)), table_, table_.rules[1], v4);
  }
  CompiledTable table_;
  const char* moved_ = "0";
  const std::string jump_ = "\t\tth dport 25 jump mw_host comment \"host.mail\"\n";
  const std::string stop_ = "\t\ttcp dport 25 counter packets 0 bytes 0 drop comment \"host.transfer m.toml:2\"\n";
};

TEST_F(OwnTable, NothingIsWrongWithAnOrdinaryOne) { EXPECT_TRUE(causes_of(jump_, stop_).empty()); }

TEST_F(OwnTable, WhatIsMissingIsSaid) {
  EXPECT_EQ(causes_of(jump_, "").at(0).kind, CauseKind::NotThere);
  EXPECT_EQ(causes_of("", stop_).at(0).kind, CauseKind::ChainUnhooked);
}

TEST_F(OwnTable, AStrangerBeforeTheRuleIsNamedOneBehindItIsNot) {
  EXPECT_EQ(causes_of("\t\taccept\n" + jump_, stop_).at(0).kind, CauseKind::Stranger);
  EXPECT_EQ(causes_of(jump_, "\t\tdrop\n" + stop_).at(0).kind, CauseKind::Stranger);
  EXPECT_TRUE(causes_of(jump_, stop_ + "\t\tdrop\n").empty());
  EXPECT_TRUE(causes_of(jump_, "\t\tcounter packets 1 bytes 2\n" + stop_).empty()) << "it decides nothing";
}

TEST_F(OwnTable, ARuleOfOneFamilyIsNamedForTheOther) {
  const std::string v4 = "\t\tip saddr 1.2.3.4 counter packets 0 bytes 0 drop comment \"host.transfer\"\n";
  const std::string v6 = "\t\tip6 saddr ::1 counter packets 0 bytes 0 drop comment \"host.transfer\"\n";
  EXPECT_EQ(causes_of(jump_, v4, false).at(0).kind, CauseKind::OneFamily);
  EXPECT_TRUE(causes_of(jump_, v4, true).empty());
  EXPECT_TRUE(causes_of(jump_, v4 + v6, false).empty());
}

TEST_F(OwnTable, AnotherRuleOfOursWhoseCounterMovedTookIt) {
  moved_ = "1";
  EXPECT_EQ(causes_of(jump_, stop_).at(0).kind, CauseKind::EarlierOwn);
}

}  // namespace
}  // namespace mailweir
