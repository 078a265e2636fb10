// What other programs' rules look like, as nft and iptables-save print them, and our own table after somebody changed
// it.
#include <cstdint>
#include <string_view>

#include "base/must.h"
#include "proof/causes.h"
#include "proof/other_rules.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace mailweir;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  OtherRules rules = read_nft_json(text).value_or(OtherRules{});
  for (const bool v4 : {true, false}) {
    for (OtherChain& chain : read_iptables_save(text, v4)) rules.chains.push_back(std::move(chain));
  }
  const RuleCounts counts = count_rules(text);
  CompiledTable table;
  RuleInfo rule;
  rule.id = "host.transfer";
  rule.chain = "mw_host";
  table.rules = {rule};
  for (const bool v4 : {true, false}) {
    const auto own = own_causes(text, {}, counts, table, table.rules.front(), v4);
    const auto others = others_causes(rules, rules, RuleHook::Forward, v4, Stretch::BeforeUs);
    for (const auto& causes : {own, others}) MUST(causes_text(causes).find('\x1b') == std::string::npos);
  }
  return 0;
}
