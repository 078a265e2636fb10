// Every check's own example: the wrong one brings about exactly this check, the right one does not.
#include <gtest/gtest.h>

#include <set>

#include "lint/lint.h"
#include "ruleset/read_ruleset.h"

namespace mailweir::rules {
namespace {

Ruleset rules_of(const LintExample& example, Diagnostics& remarks) {
  ReadOptions options;
  options.name = "example";
  auto ruleset = read_ruleset(example.rules, options, remarks);
  EXPECT_TRUE(ruleset) << ruleset.error().text();
  if (!ruleset) return {};
  if (!example.rules_v6.empty()) {
    options.family = RuleFamily::Ip6;
    auto more = read_ruleset(example.rules_v6, options, remarks);
    EXPECT_TRUE(more);
    if (more) *ruleset = joined(std::move(*ruleset), std::move(*more));
  }
  EXPECT_TRUE(ruleset->files.size() >= 1);
  return *std::move(ruleset);
}

std::set<std::string> found_in(const LintExample& example) {
  Diagnostics remarks;
  const Ruleset ruleset = rules_of(example, remarks);
  std::optional<LiveFacts> machine;
  if (example.machine != nullptr) machine = example.machine();
  std::vector<std::string> sources{std::string(example.rules), std::string(example.rules_v6)};
  LintOptions options;
  options.machine = machine ? &*machine : nullptr;
  options.sources = sources;
  options.remarks = remarks.list();
  std::set<std::string> ids;
  for (const Finding& finding : lint(ruleset, options).findings) ids.insert(std::string(finding.id));
  return ids;
}

class EveryCheck : public testing::TestWithParam<const Check*> {};

TEST_P(EveryCheck, FindsItsWrongExampleAndNothingElseInIt) {
  EXPECT_EQ(found_in(GetParam()->wrong), std::set<std::string>{std::string(GetParam()->id)});
}

TEST_P(EveryCheck, IsSilentAboutItsRightExample) {
  EXPECT_FALSE(found_in(GetParam()->right).contains(std::string(GetParam()->id)));
}

TEST_P(EveryCheck, IsDescribed) {
  const Check& check = *GetParam();
  EXPECT_EQ(check.number.size(), 3U);
  for (const std::string_view text : {check.id, check.meaning, check.why, check.wrong.rules, check.right.rules})
    EXPECT_FALSE(text.empty());
  EXPECT_EQ(find_check(check.id), &check);
  EXPECT_EQ(find_check(check.number), &check);
}

INSTANTIATE_TEST_SUITE_P(Lint, EveryCheck, testing::ValuesIn(all_checks().begin(), all_checks().end()),
                         [](const auto& test) { return std::string(test.param->number); });

TEST(AllChecks, HaveNumbersAndIdsOfTheirOwn) {
  std::set<std::string_view> names;
  for (const Check* check : all_checks()) {
    EXPECT_TRUE(names.insert(check->id).second) << check->id;
    EXPECT_TRUE(names.insert(check->number).second) << check->number;
  }
}

}  // namespace
}  // namespace mailweir::rules
