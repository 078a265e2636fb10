// Rules in iptables' notations: any text gives a model and remarks that can be shown, in bounded time; what is printed
// of it reads back as the same model.
#include <cstdint>
#include <string_view>

#include "base/must.h"
#include "ruleset/print_ruleset.h"
#include "ruleset/read_ruleset.h"

namespace {

using mailweir::RuleFamily;

mailweir::Ruleset of_family(const mailweir::Ruleset& ruleset, RuleFamily family) {
  mailweir::Ruleset half;
  for (const mailweir::Table& table : ruleset.tables)
    if (table.family == family) half.tables.push_back(table);
  for (mailweir::Table& table : half.tables)
    for (mailweir::Chain& chain : table.chains) chain.declared = true;
  return half;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  mailweir::Diagnostics remarks;
  mailweir::ReadOptions options;
  options.limits.steps_max = 100'000;
  const mailweir::Ruleset ruleset = mailweir::read_iptables(text, options, remarks);
  (void)mailweir::notation_of(text);
  for (const mailweir::Diagnostic& remark : remarks.list())
    for (const char c : mailweir::render(remark, text)) MUST(c == '\n' || (c >= ' ' && c <= '~'));
  for (const RuleFamily family : {RuleFamily::Ip4, RuleFamily::Ip6}) {
    const mailweir::Ruleset half = of_family(ruleset, family);
    const auto printed = mailweir::print_iptables(half, family);
    if (!printed) continue;
    mailweir::Diagnostics said;
    mailweir::ReadOptions again;
    again.family = family;
    const mailweir::Ruleset back = mailweir::read_iptables(*printed, again, said);
    MUST(said.has_errors() || back == half);
    for (const mailweir::Table& table : half.tables)
      for (const mailweir::Chain& chain : table.chains)
        for (const mailweir::Rule& rule : chain.rules)
          for (const mailweir::RulePart& part : rule.parts) (void)mailweir::part_text(part);
  }
  return 0;
}
