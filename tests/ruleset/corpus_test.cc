// Rulesets of others: each parses, prints and parses again to the same model. They are not part of the project; where
// they do not lie beside the checkout the test is skipped.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>

#include "ruleset/print_ruleset.h"
#include "ruleset/read_ruleset.h"

namespace mailweir::rules {
namespace {

std::string slurp(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

Ruleset of_family(const Ruleset& ruleset, RuleFamily family) {
  Ruleset half;
  for (const Table& table : ruleset.tables)
    if (table.family == family) half.tables.push_back(table);
  // What a fragment left open, printing declares.
  for (Table& table : half.tables)
    for (Chain& chain : table.chains) chain.declared = true;
  return half;
}

TEST(Corpus, EveryFileOfIptablesComesBackTheSame) {
  const std::filesystem::path folder = MAILWEIR_RULESETS;
  if (!std::filesystem::exists(folder)) GTEST_SKIP() << "no rulesets of others in " << folder;
  std::size_t files = 0, rules = 0;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) {
    if (!entry.is_regular_file()) continue;
    const std::string text = slurp(entry.path());
    const auto notation = notation_of(text);
    if (notation != Notation::Save && notation != Notation::Commands) continue;
    Diagnostics remarks;
    ReadOptions options;
    options.name = entry.path().string();
    const Ruleset ruleset = read_iptables(text, options, remarks);
    for (const RuleFamily family : {RuleFamily::Ip4, RuleFamily::Ip6}) {
      const Ruleset half = of_family(ruleset, family);
      const auto printed = print_iptables(half, family);
      ASSERT_TRUE(printed) << options.name << ": " << printed.error().text();
      ReadOptions again;
      again.family = family;
      Diagnostics nothing;
      EXPECT_EQ(read_iptables(*printed, again, nothing), half) << options.name;
      EXPECT_FALSE(nothing.has_errors()) << options.name << '\n' << render(nothing.list()[0], *printed);
      for (const Table& table : half.tables)
        for (const Chain& chain : table.chains) rules += chain.rules.size();
    }
    ++files;
  }
  RecordProperty("files", static_cast<int>(files));
  EXPECT_GT(files, 40U);
  EXPECT_GT(rules, 10'000U);
}

}  // namespace
}  // namespace mailweir::rules
