// What `nft -j list ruleset` printed, or anything else: a model or remarks, and everything in it can be shown.
#include <cstdint>
#include <string_view>

#include "base/must.h"
#include "ruleset/nft_places.h"
#include "ruleset/print_ruleset.h"
#include "ruleset/read_ruleset.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  mailweir::Diagnostics remarks;
  mailweir::rules::Ruleset ruleset = mailweir::rules::read_nft_json(text, {}, remarks);
  for (const mailweir::Diagnostic& remark : remarks.list())
    for (const char c : mailweir::render(remark, {})) MUST(c == '\n' || (c >= ' ' && c <= '~'));
  mailweir::rules::add_places(ruleset, text);
  mailweir::rules::add_listed_text(ruleset, text);
  (void)mailweir::rules::print_nft(ruleset);
  for (const mailweir::rules::RuleFamily family : {mailweir::rules::RuleFamily::Ip4, mailweir::rules::RuleFamily::Ip6})
    (void)mailweir::rules::print_iptables(ruleset, family);
  for (const mailweir::rules::Table& table : ruleset.tables)
    for (const mailweir::rules::Chain& chain : table.chains)
      for (const mailweir::rules::Rule& rule : chain.rules) {
        (void)mailweir::rules::rule_text(table, rule);
        for (const mailweir::rules::RulePart& part : rule.parts) (void)mailweir::rules::part_text(part);
      }
  return 0;
}
