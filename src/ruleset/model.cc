#include "ruleset/model.h"

#include <algorithm>
#include <tuple>

namespace mailweir::rules {
namespace {

struct BuiltIn {
  std::string_view table, chain;
  ChainType type;
  Hook hook;
  int priority;
};

// linux/netfilter_ipv4.h (enum nf_ip_hook_priorities), net/ipv4/netfilter/iptable_*.c.
constexpr BuiltIn kBuiltIns[] = {
    {"raw", "PREROUTING", ChainType::Filter, Hook::Prerouting, -300},
    {"raw", "OUTPUT", ChainType::Filter, Hook::Output, -300},
    {"mangle", "PREROUTING", ChainType::Filter, Hook::Prerouting, -150},
    {"mangle", "INPUT", ChainType::Filter, Hook::Input, -150},
    {"mangle", "FORWARD", ChainType::Filter, Hook::Forward, -150},
    {"mangle", "OUTPUT", ChainType::Route, Hook::Output, -150},
    {"mangle", "POSTROUTING", ChainType::Filter, Hook::Postrouting, -150},
    {"nat", "PREROUTING", ChainType::Nat, Hook::Prerouting, -100},
    {"nat", "INPUT", ChainType::Nat, Hook::Input, 100},
    {"nat", "OUTPUT", ChainType::Nat, Hook::Output, -100},
    {"nat", "POSTROUTING", ChainType::Nat, Hook::Postrouting, 100},
    {"filter", "INPUT", ChainType::Filter, Hook::Input, 0},
    {"filter", "FORWARD", ChainType::Filter, Hook::Forward, 0},
    {"filter", "OUTPUT", ChainType::Filter, Hook::Output, 0},
    {"security", "INPUT", ChainType::Filter, Hook::Input, 50},
    {"security", "FORWARD", ChainType::Filter, Hook::Forward, 50},
    {"security", "OUTPUT", ChainType::Filter, Hook::Output, 50},
};

template <typename List>
auto* find_named(List& list, std::string_view name) {
  const auto found = std::find_if(list.begin(), list.end(), [name](const auto& item) { return item.name == name; });
  return found == list.end() ? nullptr : &*found;
}

bool serves(RuleFamily table, RuleFamily packet) { return table == packet || table == RuleFamily::Inet; }

}  // namespace

std::string_view name_of(Hook hook) {
  constexpr std::string_view kNames[] = {"ingress", "prerouting",  "input", "forward",
                                         "output",  "postrouting", "egress"};
  return kNames[static_cast<std::size_t>(hook)];
}

std::string_view name_of(ChainType type) {
  constexpr std::string_view kNames[] = {"filter", "nat", "route"};
  return kNames[static_cast<std::size_t>(type)];
}

bool is_match(const RulePart& part) {
  return std::holds_alternative<Match>(part) || std::holds_alternative<Lookup>(part) ||
         std::holds_alternative<Limit>(part) || std::holds_alternative<KeyedLimit>(part) ||
         std::holds_alternative<Recent>(part) || std::holds_alternative<ConnectionCount>(part) ||
         std::holds_alternative<OpaqueMatch>(part);
}

bool remembers(const RulePart& part) {
  if (const auto* opaque = std::get_if<OpaqueMatch>(&part)) return !opaque->pure || !opaque->complete;
  return std::holds_alternative<Limit>(part) || std::holds_alternative<KeyedLimit>(part) ||
         std::holds_alternative<Recent>(part) || std::holds_alternative<ConnectionCount>(part) ||
         std::holds_alternative<SetUpdate>(part);
}

const RulePart* Rule::target() const {
  for (const RulePart& part : parts)
    if (std::holds_alternative<Verdict>(part) || std::holds_alternative<VerdictMap>(part) ||
        std::holds_alternative<Reject>(part) || std::holds_alternative<Nat>(part))
      return &part;
  return nullptr;
}

const Chain* Table::find_chain(std::string_view chain) const { return find_named(chains, chain); }
Chain* Table::find_chain(std::string_view chain) { return find_named(chains, chain); }
const RuleSet* Table::find_set(std::string_view set) const { return find_named(sets, set); }

const Table* Ruleset::find_table(RuleFamily family, std::string_view name) const {
  const auto found = std::find_if(tables.begin(), tables.end(),
                                  [&](const Table& table) { return table.family == family && table.name == name; });
  return found == tables.end() ? nullptr : &*found;
}

Ruleset canonical_form(Ruleset ruleset) {
  for (Table& table : ruleset.tables) {
    for (Chain& chain : table.chains) {
      chain.packets = chain.bytes = std::nullopt;
      for (Rule& rule : chain.rules) {
        rule.handle = 0;
        for (RulePart& part : rule.parts)
          if (auto* counter = std::get_if<Counter>(&part)) counter->packets = counter->bytes = std::nullopt;
      }
    }
    for (RuleSet& set : table.sets)
      if (set.changes) set.elements.clear();
    const auto by_name = [](const auto& a, const auto& b) { return a.name < b.name; };
    std::stable_sort(table.chains.begin(), table.chains.end(), by_name);
    std::stable_sort(table.sets.begin(), table.sets.end(), by_name);
    std::stable_sort(table.objects.begin(), table.objects.end(), by_name);
  }
  std::stable_sort(ruleset.tables.begin(), ruleset.tables.end(), [](const Table& a, const Table& b) {
    return std::tie(a.family, a.name) < std::tie(b.family, b.name);
  });
  return ruleset;
}

std::vector<HookedChain> chains_at(const Ruleset& ruleset, RuleFamily family, Hook hook) {
  std::vector<HookedChain> chains;
  for (const Table& table : ruleset.tables) {
    if (!serves(table.family, family)) continue;
    for (const Chain& chain : table.chains)
      if (chain.hook && chain.hook->hook == hook) chains.push_back({&table, &chain});
  }
  std::stable_sort(chains.begin(), chains.end(), [](const HookedChain& a, const HookedChain& b) {
    return a.chain->hook->priority < b.chain->hook->priority;
  });
  return chains;
}

std::optional<ChainHook> iptables_hook(std::string_view table, std::string_view chain) {
  for (const BuiltIn& built_in : kBuiltIns)
    if (built_in.table == table && built_in.chain == chain)
      return ChainHook{built_in.type, built_in.hook, built_in.priority, {}, Verdict::Kind::Accept};
  return std::nullopt;
}

bool is_iptables_table(std::string_view table) {
  return std::any_of(std::begin(kBuiltIns), std::end(kBuiltIns),
                     [table](const BuiltIn& b) { return b.table == table; });
}

}  // namespace mailweir::rules
