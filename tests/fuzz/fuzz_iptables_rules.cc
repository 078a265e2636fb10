// Rules in iptables' notations: any text gives a model and remarks that can be shown, in bounded time; what is printed
// of it reads back as the same model.
#include <cstdint>
#include <string_view>

#include "base/must.h"
#include "ruleset/print_ruleset.h"
#include "ruleset/read_ruleset.h"

namespace {

using mailweir::rules::RuleFamily;

mailweir::rules::Ruleset of_family(const mailweir::rules::Ruleset& ruleset, RuleFamily family) {
  mailweir::rules::Ruleset half;
  for (const mailweir::rules::Table& table : ruleset.tables)
    if (table.family == family) half.tables.push_back(table);
  for (mailweir::rules::Table& table : half.tables)
    for (mailweir::rules::Chain& chain : table.chains) chain.declared = true;
  return half;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  mailweir::Diagnostics remarks;
  mailweir::rules::ReadOptions options;
  options.limits.steps_max = 100'000;
  const mailweir::rules::Ruleset ruleset = mailweir::rules::read_iptables(text, options, remarks);
  (void)mailweir::rules::notation_of(text);
  for (const mailweir::Diagnostic& remark : remarks.list())
    for (const char c : mailweir::render(remark, text)) MUST(c == '\n' || (c >= ' ' && c <= '~'));
  for (const RuleFamily family : {RuleFamily::Ip4, RuleFamily::Ip6}) {
    const mailweir::rules::Ruleset half = of_family(ruleset, family);
    const auto printed = mailweir::rules::print_iptables(half, family);
    if (!printed) continue;
    mailweir::Diagnostics said;
    mailweir::rules::ReadOptions again;
    again.family = family;
    const mailweir::rules::Ruleset back = mailweir::rules::read_iptables(*printed, again, said);
    MUST(said.has_errors() || back == half);
    for (const mailweir::rules::Table& table : half.tables)
      for (const mailweir::rules::Chain& chain : table.chains)
        for (const mailweir::rules::Rule& rule : chain.rules)
          for (const mailweir::rules::RulePart& part : rule.parts) (void)mailweir::rules::part_text(part);
  }
  return 0;
}
