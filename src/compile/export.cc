#include "compile/export.h"

#include "compile/build_rules.h"
#include "compile/ip_sets.h"
#include "compile/iptables_text.h"
#include "compile/nft_text.h"

namespace mailweir {

Result<ExportedRules> export_rules(const Policy& policy, const Accounts& accounts, RulesFormat format,
                                   const CompileSettings& settings) {
  const auto rules = build_rules(policy, accounts);
  if (!rules) return fail(rules.error());
  const bool watches = !rules->watched_ports.empty();
  const IpSets sets(*rules);
  switch (format) {
    case RulesFormat::Nft:
      break;
    case RulesFormat::Iptables:
    case RulesFormat::Ip6tables:
      return ExportedRules{iptables_text(*rules, settings, format == RulesFormat::Iptables, nullptr), watches};
    case RulesFormat::IptablesSets:
    case RulesFormat::Ip6tablesSets:
      return ExportedRules{iptables_text(*rules, settings, format == RulesFormat::IptablesSets, &sets), watches};
    case RulesFormat::Ipset:
      return ExportedRules{sets.text(settings), false};
  }
  const auto table = compile(policy, accounts, settings);
  if (!table) return fail(table.error());
  return ExportedRules{
      "#!/usr/sbin/nft -f\n# Made by `mailweir export nft`.\n" + nft_file(*rules, settings, table->marker), false};
}

}  // namespace mailweir
