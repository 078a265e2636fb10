#include "lint/fix.h"

#include <gtest/gtest.h>

#include "ruleset/print_ruleset.h"
#include "ruleset/read_ruleset.h"

namespace mailweir::rules {
namespace {

class FixedRules : public testing::Test {
 protected:
  // What lint says of the rules once its verified edits were made.
  LintReport fix(const std::string& text, const std::vector<const Check*>& only) {
    Diagnostics remarks;
    before_ = *read_ruleset(text, {}, remarks);
    LintOptions options;
    options.only = only;
    const LintReport report = lint(before_, options);
    fixes_ = verified_fixes(before_, report, options);
    after_ = *apply_edits(before_, fixes_.edits);
    return lint(after_, options);
  }
  Ruleset before_, after_;
  Fixes fixes_;
};

TEST_F(FixedRules, HaveNoneOfTheFindingsAnyMore) {
  for (const Check* check : all_checks()) {
    const LintReport report = fix(std::string(check->wrong.rules), {check});
    // Later ones also propose what only a person can decide.
    EXPECT_TRUE(fixes_.left.empty() || check->number > "L27")
        << check->id << ": " << (fixes_.left.empty() ? "" : fixes_.left[0].why);
    EXPECT_TRUE(fixes_.mended.empty() || report.findings.empty()) << check->id;
  }
}

TEST_F(FixedRules, KeepTheFateOfPacketsThatHaveNothingToDoWithIt) {
  (void)fix(
      "-A INPUT -p tcp --dport 25 -j DROP\n-A INPUT -p tcp --dport 25 -j DROP\n-A INPUT -p tcp --dport 22 -j ACCEPT\n",
      {find_check("duplicate-rule")});
  EXPECT_EQ(fixes_.mended.size(), 1U);
  EXPECT_GT(fixes_.packets_kept, 20U);
  EXPECT_EQ(after_.tables[0].find_chain("INPUT")->rules.size(), 2U);
}

// A check that proposes what does something else must not get through.
TEST_F(FixedRules, AreNotOfferedWhenSomethingElseWouldChange) {
  Diagnostics remarks;
  const Ruleset ruleset =
      *read_ruleset("-A INPUT -p tcp --dport 25 -j DROP\n-A INPUT -p tcp --dport 25 -j DROP\n", {}, remarks);
  LintOptions options;
  options.only = {find_check("duplicate-rule")};
  LintReport report = lint(ruleset, options);
  ASSERT_EQ(report.findings.size(), 1U);
  RuleEdit also_the_first = report.findings[0].edits[0];
  also_the_first.number = 1;
  report.findings[0].edits.push_back(also_the_first);
  const Fixes fixes = verified_fixes(ruleset, report, options);
  EXPECT_TRUE(fixes.edits.empty());
  ASSERT_EQ(fixes.left.size(), 1U);
  EXPECT_NE(fixes.left[0].why.find("it would change what becomes of"), std::string::npos) << fixes.left[0].why;
}

}  // namespace
}  // namespace mailweir::rules
