#include "proof/other_rules.h"

#include <fmt/format.h>

#include <fstream>
#include <sstream>

#include "sys/process.h"

namespace mailweir {
namespace {

// Names of legacy tables that this namespace has; none where the kernel has no legacy iptables.
std::string legacy_tables(bool v4) {
  std::ifstream file(v4 ? "/proc/net/ip_tables_names" : "/proc/net/ip6_tables_names");
  std::string names;
  for (std::string name; file >> name;) names += (names.empty() ? "" : ", ") + name;
  return names;
}

void add_legacy(OtherRules& rules, bool v4) {
  const std::string tables = legacy_tables(v4);
  if (tables.empty()) return;
  // Asked only where there are tables: the program would make them.
  const std::string program = v4 ? "iptables-legacy" : "ip6tables-legacy";
  const auto ran = run_process({program + "-save", "-c"});
  if (!ran || ran->status != 0) {
    rules.unread.push_back(
        fmt::format("legacy {} tables ({}): {}-save is not there or fails", v4 ? "IPv4" : "IPv6", tables, program));
    return;
  }
  auto chains = read_iptables_save(ran->out, v4);
  rules.chains.insert(rules.chains.end(), std::make_move_iterator(chains.begin()),
                      std::make_move_iterator(chains.end()));
}

}  // namespace

OtherRules read_other_rules() {
  OtherRules rules;
  const auto ran = run_process({"nft", "--json", "--terse", "list", "ruleset"});
  auto read = ran && ran->status == 0 ? read_nft_json(ran->out) : std::nullopt;
  if (read) rules = std::move(*read);
  if (!read) rules.unread.push_back("the rules of nft: `nft --json list ruleset` says nothing we understand");
  add_legacy(rules, true);
  add_legacy(rules, false);
  return rules;
}

}  // namespace mailweir
