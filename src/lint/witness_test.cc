// A packet that is shown bears its finding out, also where a match that nobody understands has a say.
#include <gtest/gtest.h>

#include "lint/check.h"
#include "lint/lint.h"
#include "lint/stage.h"
#include "lint/subject.h"
#include "ruleset/read_ruleset.h"

namespace mailweir::rules {
namespace {

// The same rules with one more before each base chain's own: whether it takes a packet is not known.
Ruleset with_unknown_rules(Ruleset ruleset, Verdict::Kind kind) {
  Rule unknown;
  unknown.parts = {OpaqueMatch{.module = "somebodys", .text = "-m somebodys --option"}, Counter{},
                   Verdict{.kind = kind, .chain = {}}};
  for (Table& table : ruleset.tables)
    for (Chain& chain : table.chains)
      if (chain.hook && chain.hook->type == ChainType::Filter) chain.rules.insert(chain.rules.begin(), unknown);
  return ruleset;
}

class EveryWitness : public testing::TestWithParam<const Check*> {};

TEST_P(EveryWitness, EndsAsIsSaidWhateverTheUnknownsAre) {
  const LintExample& example = GetParam()->wrong;
  Diagnostics remarks;
  auto read = read_ruleset(example.rules, {}, remarks);
  ASSERT_TRUE(read);
  if (!example.rules_v6.empty()) {
    ReadOptions options;
    options.family = RuleFamily::Ip6;
    auto more = read_ruleset(example.rules_v6, options, remarks);
    ASSERT_TRUE(more);
    *read = joined(*std::move(read), *std::move(more));
  }
  std::optional<LiveFacts> machine;
  if (example.machine != nullptr) machine = example.machine();
  for (const Ruleset& ruleset :
       {*read, with_unknown_rules(*read, Verdict::Kind::Accept), with_unknown_rules(*read, Verdict::Kind::Drop)}) {
    LintOptions options;
    options.machine = machine ? &*machine : nullptr;
    const Stage stage(ruleset);
    for (const Finding& finding : lint(ruleset, options).findings) {
      if (!finding.witness) continue;
      const Played again = stage.play(finding.witness->packet, finding.witness->way);
      EXPECT_EQ(fate_text(again), finding.witness->fate) << finding.id;
      if (finding.confidence != Confidence::Replayed) continue;
      EXPECT_NE(again.end, Played::End::Depends) << finding.id << ": " << finding.witness->fate;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Lint, EveryWitness, testing::ValuesIn(all_checks().begin(), all_checks().end()),
                         [](const auto& test) { return std::string(test.param->number); });

}  // namespace
}  // namespace mailweir::rules
