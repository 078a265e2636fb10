#include "compile/compile.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/keyed_hash.h"
#include "compile/build_rules.h"
#include "compile/nft_text.h"

namespace mailweir {
namespace {

std::string marker_of(const Rules& rules, const CompileSettings& settings) {
  const std::string text = nft_text(rules, settings, "");
  const KeyedHash hash(KeyedHash::Key{});
  return fmt::format("mailweir {:016x}", hash({reinterpret_cast<const std::uint8_t*>(text.data()), text.size()}));
}

// Ids of rules a person asks about have one dot; "host.transfer.log" serves "host.transfer".
bool serves_another(const Rule& rule) { return std::count(rule.id.begin(), rule.id.end(), '.') > 1; }

std::vector<RuleInfo> infos_of(const Rules& rules) {
  std::vector<RuleInfo> infos;
  for (const Rule& rule : rules.list) {
    if (serves_another(rule) || (rule.action == Rule::Action::Jump && !rule.over)) continue;
    infos.push_back({rule.id,
                     rule.file,
                     rule.line,
                     hook_of(rule.chain),
                     rule.matches(true),
                     rule.matches(false),
                     rule.ports,
                     rule.effect,
                     rule.action == Rule::Action::Reject,
                     false,
                     {}});
  }
  for (const Rule& rule : rules.list) {
    const auto served = std::find_if(infos.begin(), infos.end(), [&](const RuleInfo& info) {
      return rule.id.size() > info.id.size() && rule.id.starts_with(info.id + ".");
    });
    if (served == infos.end()) continue;
    if (rule.action == Rule::Action::Log) served->logged = true, served->log_prefix = rule.log_prefix;
    if (rule.action == Rule::Action::Reject) served->reject = true;
  }
  return infos;
}

}  // namespace

Result<CompiledTable> compile(const Policy& policy, const Accounts& accounts, const CompileSettings& settings) {
  const auto rules = build_rules(policy, accounts);
  if (!rules) return fail(rules.error());
  CompiledTable table;
  table.marker = marker_of(*rules, settings);
  table.text = nft_text(*rules, settings, table.marker);
  table.rules = infos_of(*rules);
  table.watched_ports = rules->watched_ports;
  table.watch_group = settings.watch_group;
  table.blocks_max = settings.blocks_max;
  return table;
}

}  // namespace mailweir
