#include "ruleset/edit.h"

#include <gtest/gtest.h>

namespace mailweir::rules {
namespace {

constexpr char kSave[] =
    "# written by hand\n"
    "*filter\n"
    ":INPUT ACCEPT [0:0]\n"
    ":FORWARD ACCEPT [0:0]\n"
    ":OUTPUT ACCEPT [0:0]\n"
    "-A INPUT -i lo -j ACCEPT\n"
    "-A INPUT -p tcp --dport 22 -j ACCEPT\n"
    "-A INPUT -p tcp --dport 25 -j DROP\n"
    "COMMIT\n";

class Edits : public testing::Test {
 protected:
  Ruleset read(const std::string& text) {
    Diagnostics remarks;
    return *read_ruleset(text, {}, remarks);
  }
  static RuleEdit edit(RuleEdit::Kind kind, std::size_t number) {
    RuleEdit edit;
    edit.kind = kind;
    edit.table = "filter";
    edit.chain = "INPUT";
    edit.number = number;
    return edit;
  }
  static Rule accept() {
    Rule rule;
    rule.parts = {Counter{}, Verdict{.kind = Verdict::Kind::Accept, .chain = {}}};
    return rule;
  }
};

TEST_F(Edits, CountNumbersOfTheRulesetAsItWas) {
  RuleEdit insert = edit(RuleEdit::Kind::Insert, 1);
  insert.rule = accept();
  const std::vector<RuleEdit> edits{edit(RuleEdit::Kind::Remove, 1), insert, edit(RuleEdit::Kind::Remove, 3)};
  const Ruleset before = read(kSave);
  const auto after = apply_edits(before, edits);
  ASSERT_TRUE(after);
  const auto& rules = after->tables[0].find_chain("INPUT")->rules;
  ASSERT_EQ(rules.size(), 2U);
  EXPECT_EQ(rules[0], accept());
  EXPECT_EQ(rules[1], before.tables[0].find_chain("INPUT")->rules[1]);
}

TEST_F(Edits, ChangeTheUsersOwnLinesAndNoOthers) {
  RuleEdit move = edit(RuleEdit::Kind::Move, 3);
  move.before = 2;
  const auto edited = edit_text(read(kSave), std::vector{move}, kSave, {});
  ASSERT_TRUE(edited) << edited.error().text();
  EXPECT_EQ(edited->diff,
            "--- -\n+++ -\n@@ -4,6 +4,6 @@\n :FORWARD ACCEPT [0:0]\n :OUTPUT ACCEPT [0:0]\n -A INPUT -i lo -j ACCEPT\n"
            "+-A INPUT -p tcp --dport 25 -j DROP\n -A INPUT -p tcp --dport 22 -j ACCEPT\n"
            "--A INPUT -p tcp --dport 25 -j DROP\n COMMIT\n");
  EXPECT_TRUE(edited->text.starts_with("# written by hand\n"));
}

TEST_F(Edits, ReplaceAndSetPoliciesInTheText) {
  RuleEdit replace = edit(RuleEdit::Kind::Replace, 2), policy = edit(RuleEdit::Kind::Policy, 0);
  replace.rule = accept();
  policy.policy = Verdict::Kind::Drop;
  const auto edited = edit_text(read(kSave), std::vector{replace, policy}, kSave, {});
  ASSERT_TRUE(edited) << edited.error().text();
  EXPECT_NE(edited->diff.find("-:INPUT ACCEPT [0:0]\n+:INPUT DROP [0:0]\n"), std::string::npos) << edited->diff;
  EXPECT_NE(edited->diff.find("--A INPUT -p tcp --dport 22 -j ACCEPT\n+-A INPUT -j ACCEPT\n"), std::string::npos);
}

TEST_F(Edits, PutTheFirstRuleOfAChainBehindTheLastOfItsTable) {
  RuleEdit insert = edit(RuleEdit::Kind::Insert, 1);
  insert.chain = "FORWARD";
  insert.rule = accept();
  const auto edited = edit_text(read(kSave), std::vector{insert, edit(RuleEdit::Kind::Remove, 3)}, kSave, {});
  ASSERT_TRUE(edited) << edited.error().text();
  EXPECT_TRUE(edited->text.ends_with("-A INPUT -p tcp --dport 22 -j ACCEPT\n-A FORWARD -j ACCEPT\nCOMMIT\n"))
      << edited->text;
  const std::string script = "iptables -A INPUT -p tcp --dport 22 -j ACCEPT\necho done\n";
  const auto of_script = edit_text(read(script), std::vector{insert}, script, {});
  ASSERT_TRUE(of_script) << of_script.error().text();
  EXPECT_NE(of_script->text.find("ACCEPT\niptables -A FORWARD -j ACCEPT\necho done\n"), std::string::npos)
      << of_script->text;
}

TEST_F(Edits, KeepTheCommandOfAScript) {
  const std::string script =
      "iptables -A INPUT -p tcp --dport 22 -j ACCEPT\niptables -A INPUT -p tcp --dport 25 -j DROP\n";
  RuleEdit insert = edit(RuleEdit::Kind::Insert, 2);
  insert.rule = accept();
  const auto edited = edit_text(read(script), std::vector{insert}, script, {});
  ASSERT_TRUE(edited) << edited.error().text();
  EXPECT_NE(edited->diff.find("+iptables -A INPUT -j ACCEPT\n"), std::string::npos) << edited->diff;
}

TEST_F(Edits, RefuseALineThatMakesSeveralRulesAndPrintTheRulesInstead) {
  const std::string script = "iptables -A INPUT -s 192.0.2.1,192.0.2.2 -j DROP\n";
  const std::vector<RuleEdit> edits{edit(RuleEdit::Kind::Remove, 2)};
  const Ruleset ruleset = read(script);
  EXPECT_FALSE(edit_text(ruleset, edits, script, {}));
  const auto printed = edit_printed(ruleset, edits, "rules");
  ASSERT_TRUE(printed) << printed.error().text();
  EXPECT_NE(printed->diff.find("--A INPUT -s 192.0.2.2/32 -j DROP\n"), std::string::npos) << printed->diff;
}

TEST_F(Edits, OfRulesThatAreNotThereAreErrors) {
  EXPECT_FALSE(apply_edits(read(kSave), std::vector{edit(RuleEdit::Kind::Remove, 4)}));
  EXPECT_FALSE(apply_edits(read(kSave), std::vector{edit(RuleEdit::Kind::Remove, 0)}));
  EXPECT_FALSE(
      apply_edits(read(kSave), std::vector{edit(RuleEdit::Kind::Remove, 1), edit(RuleEdit::Kind::Replace, 1)}));
  RuleEdit elsewhere = edit(RuleEdit::Kind::Remove, 1);
  elsewhere.chain = "NOWHERE";
  EXPECT_FALSE(apply_edits(read(kSave), std::vector{elsewhere}));
}

}  // namespace
}  // namespace mailweir::rules
