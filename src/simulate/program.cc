#include "simulate/program.h"

#include <algorithm>
#include <climits>

namespace mailweir::rules {

namespace {

// enum nf_ip_hook_priorities, linux/netfilter_ipv4.h: NF_IP_PRI_CONNTRACK, _NAT_DST, _NAT_SRC. A nat chain's own
// priority only orders it among nat chains: the translation itself has one place (nf_nat_proto.c, nf_nat_ipv4_ops).
constexpr int kTrackPriority = -200, kDestinationPriority = -100, kSourcePriority = 100;

bool tracks(Hook hook) { return hook == Hook::Prerouting || hook == Hook::Output; }
bool confirms(Hook hook) { return hook == Hook::Input || hook == Hook::Postrouting; }

}  // namespace

FlatMatch flat_of(const Match& match) {
  const auto intervals = match.values.intervals();
  const FieldValue width = largest_value(width_of(match.operand.field));
  FlatMatch flat{match.operand.mask & width, 0, ~FieldValue{0}, &match, match.operand.field, match.negated, false};
  if (intervals.empty()) return flat;  // in none is not in all
  flat.first = intervals.front().first;
  flat.span = intervals.front().last - flat.first;
  flat.wanted = !match.negated;
  flat.others = intervals.size() > 1;
  return flat;
}

Program::Program(const Ruleset& ruleset) : ruleset_(&ruleset) {
  for (const Table& table : ruleset.tables) {
    for (const Chain& chain : table.chains) add_chain(table, chain);
    for (const RuleSet& set : table.sets) unite(set);
  }
  for (const RuleSet& set : ruleset.ipsets) unite(set);
  for (const RuleFamily family : {RuleFamily::Ip4, RuleFamily::Ip6})
    for (const Hook hook : {Hook::Prerouting, Hook::Input, Hook::Forward, Hook::Output, Hook::Postrouting})
      order_hook(family, hook);
}

std::uint32_t Program::chain_of(const Table& table, const std::string& name) const {
  const auto names = by_name_.find(&table);
  if (names == by_name_.end()) return kNoChain;
  const auto chain = names->second.find(name);
  return chain == names->second.end() ? kNoChain : chain->second;
}

bool Program::holds(const RuleSet& set, FieldValue value) const {
  const auto united = united_.find(&set);
  return united != united_.end() && united->second.contains(value);
}

void Program::unite(const RuleSet& set) {
  if (set.key.size() > 1) return;
  std::vector<Interval> intervals;
  for (const RuleSet::Element& element : set.elements)
    if (!element.key.empty())
      intervals.insert(intervals.end(), element.key[0].intervals().begin(), element.key[0].intervals().end());
  united_.emplace(&set, IntervalSet::of(std::move(intervals)));
}

void Program::add_chain(const Table& table, const Chain& chain) {
  by_name_[&table].emplace(chain.name, static_cast<std::uint32_t>(chains_.size()));
  const auto begin = static_cast<std::uint32_t>(rules_.size());
  for (const Rule& rule : chain.rules) add_rule(rule);
  stretches_.add_chain(chain.rules, begin);
  chains_.push_back({&table, &chain, begin, static_cast<std::uint32_t>(rules_.size())});
}

void Program::add_rule(const Rule& rule) {
  FlatRule flat{&rule, static_cast<std::uint32_t>(matches_.size()), 0, 0, counters_};
  for (const RulePart& part : rule.parts) {
    const auto* match = std::get_if<Match>(&part);
    if (match == nullptr) break;
    matches_.push_back(flat_of(*match));
    ++flat.parts_begin;
  }
  flat.matches_end = static_cast<std::uint32_t>(matches_.size());
  counters_ += static_cast<std::uint32_t>(
      std::ranges::count_if(rule.parts, [](const RulePart& part) { return std::holds_alternative<Counter>(part); }));
  rules_.push_back(flat);
}

void Program::order_hook(RuleFamily family, Hook hook) {
  std::vector<HookStep> steps;
  if (tracks(hook)) steps.push_back({HookStep::Kind::Track, kTrackPriority, kNoChain, {}});
  HookStep translate{HookStep::Kind::Translate,
                     hook == Hook::Prerouting || hook == Hook::Output ? kDestinationPriority : kSourcePriority,
                     kNoChain,
                     {}};
  std::vector<HookStep> chains;
  for (const HookedChain& hooked : chains_at(*ruleset_, family, hook)) {
    const std::uint32_t number = chain_of(*hooked.table, hooked.chain->name);
    if (hooked.chain->hook->type == ChainType::Nat)
      translate.nat_chains.push_back(number);
    else
      chains.push_back({HookStep::Kind::Chain, hooked.chain->hook->priority, number, {}});
  }
  if (hook != Hook::Forward) steps.push_back(std::move(translate));
  steps.insert(steps.end(), chains.begin(), chains.end());
  if (confirms(hook)) steps.push_back({HookStep::Kind::Confirm, INT_MAX, kNoChain, {}});
  // A chain at the very priority of conntrack or translation runs behind it: both are registered before any chain
  // that needs them.
  std::ranges::stable_sort(steps, {}, &HookStep::priority);
  steps_[family == RuleFamily::Ip4 ? 0 : 1][static_cast<std::size_t>(hook)] = std::move(steps);
}

}  // namespace mailweir::rules
