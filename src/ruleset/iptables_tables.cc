#include "ruleset/iptables_tables.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/escape.h"
#include "base/must.h"

namespace mailweir::rules {
namespace {

constexpr std::string_view kBuiltInChains[] = {"PREROUTING", "INPUT", "FORWARD", "OUTPUT", "POSTROUTING"};

bool equal_but_for_counters(const Rule& a, const Rule& b) {
  if (a.comment != b.comment || a.parts.size() != b.parts.size()) return false;
  return std::equal(a.parts.begin(), a.parts.end(), b.parts.begin(), [](const RulePart& x, const RulePart& y) {
    return x == y || (std::holds_alternative<Counter>(x) && std::holds_alternative<Counter>(y));
  });
}

}  // namespace

IptablesTables::OpenTable* IptablesTables::find(std::string_view table) {
  const auto found =
      std::find_if(tables_.begin(), tables_.end(), [table](const OpenTable& t) { return t.table.name == table; });
  return found == tables_.end() ? nullptr : &*found;
}

bool IptablesTables::has(std::string_view table) const {
  return std::any_of(tables_.begin(), tables_.end(), [table](const OpenTable& t) { return t.table.name == table; });
}

IptablesTables::OpenChain& IptablesTables::at(std::string_view table, std::string_view chain) {
  OpenTable* open = find(table);
  MUST(open != nullptr);
  const auto found = open->index.find(std::string(chain));
  MUST(found != open->index.end());
  return open->chains[found->second];
}

bool IptablesTables::open(const std::string& table, const Origin& origin) {
  if (has(table)) return false;
  reset(table, origin);
  return true;
}

void IptablesTables::reset(const std::string& table, const Origin& origin) {
  OpenTable* open = find(table);
  if (open == nullptr) open = &tables_.emplace_back();
  *open = {};
  open->table.family = family_;
  open->table.name = table;
  open->table.backend = Backend::Iptables;
  open->table.origin = origin;
  for (const std::string_view name : kBuiltInChains)
    if (const auto hook = iptables_hook(table, name)) {
      declare(table, std::string(name), origin);
      open->chains.back().chain.hook = hook;
    }
}

bool IptablesTables::is_chain(std::string_view table, std::string_view chain) const {
  for (const OpenTable& open : tables_)
    if (open.table.name == table) return open.index.contains(std::string(chain));
  return false;
}

bool IptablesTables::declare(const std::string& table, const std::string& chain, const Origin& origin, bool declared) {
  OpenTable* open = find(table);
  MUST(open != nullptr);
  if (!open->index.emplace(chain, open->chains.size()).second) return false;
  if (++chains_ > limits_.chains_max) {
    open->index.erase(chain);
    return false;
  }
  OpenChain& made = open->chains.emplace_back();
  made.chain.name = chain;
  made.chain.origin = origin;
  made.chain.declared = declared;
  return true;
}

Chain* IptablesTables::chain(std::string_view table, std::string_view chain) {
  if (!is_chain(table, chain)) return nullptr;
  return &at(table, chain).chain;
}

Result<void> IptablesTables::count_rules(std::size_t more) {
  rules_ += more;
  if (rules_ > limits_.rules_max)
    return fail(ErrorCode::Limit, fmt::format("more than {} rules (rules_max)", limits_.rules_max));
  return {};
}

Result<void> IptablesTables::count_steps(std::size_t more) {
  steps_ += more;
  if (steps_ > limits_.steps_max)
    return fail(ErrorCode::Limit, "rules are inserted and deleted too often for this many (steps_max)");
  return {};
}

Result<void> IptablesTables::append(std::string_view table, std::string_view chain, std::vector<Rule> rules) {
  if (auto counted = count_rules(rules.size()); !counted) return counted;
  OpenChain& open = at(table, chain);
  for (Rule& rule : rules) open.rules.push_back(std::make_unique<Rule>(std::move(rule)));
  return {};
}

Result<void> IptablesTables::insert(std::string_view table, std::string_view chain, std::size_t number,
                                    std::vector<Rule> rules) {
  OpenChain& open = at(table, chain);
  if (number < 1 || number > open.rules.size() + 1)
    return fail(ErrorCode::NotFound, fmt::format("chain {} has {} rules, so there is no place {}", escape(chain, 40),
                                                 open.rules.size(), number));
  if (auto counted = count_rules(rules.size()); !counted) return counted;
  for (Rule& rule : rules) {
    // Eight bytes each: a hundred of them are a step.
    if (auto counted = count_steps((open.rules.size() - number + 1) / 100 + 1); !counted) return counted;
    open.rules.insert(open.rules.begin() + static_cast<std::ptrdiff_t>(number - 1),
                      std::make_unique<Rule>(std::move(rule)));
  }
  return {};
}

Result<void> IptablesTables::replace(std::string_view table, std::string_view chain, std::size_t number, Rule rule) {
  OpenChain& open = at(table, chain);
  if (number < 1 || number > open.rules.size())
    return fail(ErrorCode::NotFound, fmt::format("chain {} has no rule {}", escape(chain, 40), number));
  *open.rules[number - 1] = std::move(rule);
  return {};
}

Result<void> IptablesTables::remove(std::string_view table, std::string_view chain, std::size_t number) {
  OpenChain& open = at(table, chain);
  if (number < 1 || number > open.rules.size())
    return fail(ErrorCode::NotFound, fmt::format("chain {} has no rule {}", escape(chain, 40), number));
  if (auto counted = count_steps((open.rules.size() - number) / 100 + 1); !counted) return counted;
  open.rules.erase(open.rules.begin() + static_cast<std::ptrdiff_t>(number - 1));
  return {};
}

Result<void> IptablesTables::remove(std::string_view table, std::string_view chain, const Rule& equal) {
  OpenChain& open = at(table, chain);
  const auto found = std::find_if(open.rules.begin(), open.rules.end(),
                                  [&](const auto& rule) { return equal_but_for_counters(*rule, equal); });
  if (auto counted = count_steps(static_cast<std::size_t>(found - open.rules.begin()) + 1); !counted) return counted;
  if (found == open.rules.end())
    return fail(ErrorCode::NotFound, fmt::format("chain {} has no such rule", escape(chain, 40)));
  open.rules.erase(found);
  return {};
}

void IptablesTables::index_again(OpenTable& table) {
  table.index.clear();
  for (std::size_t i = 0; i < table.chains.size(); ++i) table.index.emplace(table.chains[i].chain.name, i);
}

Result<void> IptablesTables::flush(std::string_view table, std::string_view chain) {
  OpenTable* open = find(table);
  if (open == nullptr) return {};
  if (!chain.empty()) {
    if (!is_chain(table, chain))
      return fail(ErrorCode::NotFound, fmt::format("there is no chain {}", escape(chain, 40)));
    at(table, chain).rules.clear();
    return {};
  }
  if (auto counted = count_steps(open->chains.size()); !counted) return counted;
  for (OpenChain& each : open->chains) each.rules.clear();
  return {};
}

Result<void> IptablesTables::remove_chain(std::string_view table, std::string_view chain) {
  OpenTable* open = find(table);
  if (open == nullptr) return {};
  if (!chain.empty() && !is_chain(table, chain))
    return fail(ErrorCode::NotFound, fmt::format("there is no chain {}", escape(chain, 40)));
  if (auto counted = count_steps(open->chains.size()); !counted) return counted;
  std::erase_if(open->chains, [chain](const OpenChain& each) {
    return !each.chain.hook && (chain.empty() || each.chain.name == chain);
  });
  index_again(*open);
  return {};
}

Result<void> IptablesTables::rename(std::string_view table, std::string_view chain, const std::string& to) {
  OpenTable* open = find(table);
  if (open == nullptr || !is_chain(table, chain))
    return fail(ErrorCode::NotFound, fmt::format("there is no chain {}", escape(chain, 40)));
  if (is_chain(table, to)) return fail(ErrorCode::BadInput, fmt::format("there is a chain {} already", escape(to, 40)));
  at(table, chain).chain.name = to;
  index_again(*open);
  std::size_t looked_at = open->chains.size();
  for (OpenChain& each : open->chains)
    for (auto& rule : each.rules) {
      ++looked_at;
      for (RulePart& part : rule->parts)
        if (auto* verdict = std::get_if<Verdict>(&part); verdict != nullptr && verdict->chain == chain)
          verdict->chain = to;
    }
  return count_steps(looked_at);
}

std::vector<Table> IptablesTables::take() {
  std::vector<Table> tables;
  for (OpenTable& open : tables_) {
    for (OpenChain& each : open.chains) {
      each.chain.rules.reserve(each.rules.size());
      for (auto& rule : each.rules) each.chain.rules.push_back(std::move(*rule));
      open.table.chains.push_back(std::move(each.chain));
    }
    tables.push_back(std::move(open.table));
  }
  tables_.clear();
  return tables;
}

}  // namespace mailweir::rules
