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

// Where the jump to its chain says to whom, the rule need not.
std::vector<IpPrefix> destinations_of(const Rule& rule, const Rules& rules) {
  if (rule.to) return rule.to->prefixes;
  for (const Rule& jump : rules.list) {
    if (jump.action == Rule::Action::Jump && jump.target == rule.chain && jump.to) return jump.to->prefixes;
  }
  return {};
}

// The chain that jumps to the rule's, unless it is the one on the hook: that has nothing but the jump.
std::string caller_of(const Rule& rule, const Rules& rules) {
  for (const Rule& jump : rules.list) {
    if (jump.action == Rule::Action::Jump && jump.target == rule.chain && !is_hooked(jump.chain))
      return std::string(nft_name_of(jump.chain));
  }
  return {};
}

RuleInfo info_of(const Rule& rule, const Rules& rules) {
  RuleInfo info;
  info.id = rule.id;
  info.file = rule.file;
  info.line = rule.line;
  info.hook = hook_of(rule.chain);
  info.to = destinations_of(rule, rules);
  const Addresses to{"", info.to};
  info.v4 = rule.matches(true) && (info.to.empty() || to.has(true));
  info.v6 = rule.matches(false) && (info.to.empty() || to.has(false));
  info.ports = rule.ports;
  info.effect = rule.effect;
  info.reject = rule.action == Rule::Action::Reject;
  info.chain = nft_name_of(rule.chain);
  info.caller = caller_of(rule, rules);
  if (rule.from) info.from = rule.from->prefixes;
  info.source_port = rule.source_port;
  info.users = rule.users;
  info.groups = rule.groups;
  info.icmp4 = rule.icmp4;
  info.icmp6 = rule.icmp6;
  info.state = rule.state;
  info.loopback = rule.loopback;
  info.broadcast = rule.broadcast;
  info.one_hop = rule.one_hop;
  info.link_local = rule.link_local;
  info.blocked = rule.blocked;
  if (rule.new_servers_over) {
    info.slowed = info.each_client = true;
    info.burst = rule.new_servers_burst();
  }
  info.mark = rule.mark;
  if (rule.over) {
    info.per_minute = rule.over->per_minute;
    info.burst = rule.over->burst;
    info.each_client = !rule.over->role.empty();
  }
  return info;
}

std::vector<RuleInfo> infos_of(const Rules& rules) {
  std::vector<RuleInfo> infos;
  for (const Rule& rule : rules.list) {
    if (serves_another(rule) || (rule.action == Rule::Action::Jump && !rule.over)) continue;
    infos.push_back(info_of(rule, rules));
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
