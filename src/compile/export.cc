#include "compile/export.h"

#include "compile/build_rules.h"
#include "compile/iptables_text.h"
#include "compile/nft_text.h"

namespace mailweir {

Result<ExportedRules> export_rules(const Policy& policy, const Accounts& accounts, RulesFormat format,
                                   const CompileSettings& settings) {
  const auto rules = build_rules(policy, accounts);
  if (!rules) return fail(rules.error());
  if (format != RulesFormat::Nft)
    return ExportedRules{iptables_text(*rules, settings, format == RulesFormat::Iptables),
                         !rules->watched_ports.empty()};
  const auto table = compile(policy, accounts, settings);
  if (!table) return fail(table.error());
  return ExportedRules{
      "#!/usr/sbin/nft -f\n# Made by `mailweir export nft`.\n" + nft_file(*rules, settings, table->marker), false};
}

}  // namespace mailweir
