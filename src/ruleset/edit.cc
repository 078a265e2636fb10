#include "ruleset/edit.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "base/escape.h"

namespace mailweir::rules {
namespace {

Result<void> edit_chain(Chain& chain, const std::vector<const RuleEdit*>& edits) {
  const std::size_t count = chain.rules.size();
  std::multimap<std::size_t, Rule> inserted;  // before which rule; in the order of the edits
  std::map<std::size_t, const RuleEdit*> touched;
  const auto wrong = [&](std::size_t number) {
    return fail(ErrorCode::NotFound,
                fmt::format("chain {} has {} rules, so there is no place {}", escape(chain.name, 40), count, number));
  };
  for (const RuleEdit* edit : edits) {
    if (edit->kind == RuleEdit::Kind::Policy) {
      if (!chain.hook) return fail(ErrorCode::NotFound, fmt::format("chain {} has no policy", escape(chain.name, 40)));
      chain.hook->policy = edit->policy;
      continue;
    }
    const bool inserts = edit->kind == RuleEdit::Kind::Insert;
    if (edit->number < 1 || edit->number > count + (inserts ? 1 : 0)) return wrong(edit->number);
    if (inserts) {
      inserted.emplace(edit->number, edit->rule);
      continue;
    }
    if (!touched.emplace(edit->number, edit).second)
      return fail(ErrorCode::BadInput,
                  fmt::format("two changes of rule {} in chain {}", edit->number, escape(chain.name, 40)));
    if (edit->kind != RuleEdit::Kind::Move) continue;
    if (edit->before < 1 || edit->before > count + 1) return wrong(edit->before);
    inserted.emplace(edit->before, chain.rules[edit->number - 1]);
  }
  std::vector<Rule> rules;
  rules.reserve(count + inserted.size());
  for (std::size_t number = 1; number <= count + 1; ++number) {
    const auto [first, last] = inserted.equal_range(number);
    for (auto it = first; it != last; ++it) rules.push_back(it->second);
    if (number > count) break;
    const auto touch = touched.find(number);
    if (touch == touched.end())
      rules.push_back(std::move(chain.rules[number - 1]));
    else if (touch->second->kind == RuleEdit::Kind::Replace)
      rules.push_back(touch->second->rule);
  }
  chain.rules = std::move(rules);
  return {};
}

}  // namespace

RuleEdit removal(const RulePlace& place) {
  RuleEdit edit;
  edit.kind = RuleEdit::Kind::Remove;
  edit.family = place.table->family;
  edit.table = place.table->name;
  edit.chain = place.chain->name;
  edit.number = place.number;
  return edit;
}

RuleEdit insertion(const RulePlace& before, Rule rule) {
  RuleEdit edit = removal(before);
  edit.kind = RuleEdit::Kind::Insert;
  edit.rule = std::move(rule);
  return edit;
}

Result<Ruleset> apply_edits(const Ruleset& ruleset, std::span<const RuleEdit> edits) {
  Ruleset changed = ruleset;
  std::map<Chain*, std::vector<const RuleEdit*>> by_chain;
  for (const RuleEdit& edit : edits) {
    const auto table = std::ranges::find_if(
        changed.tables, [&](const Table& each) { return each.family == edit.family && each.name == edit.table; });
    Chain* chain = table == changed.tables.end() ? nullptr : table->find_chain(edit.chain);
    if (chain == nullptr)
      return fail(ErrorCode::NotFound, fmt::format("there is no chain {} in the table {} {}", escape(edit.chain, 40),
                                                   name_of(edit.family), escape(edit.table, 40)));
    by_chain[chain].push_back(&edit);
  }
  for (const auto& [chain, list] : by_chain)
    if (auto done = edit_chain(*chain, list); !done) return fail(std::move(done).error());
  return changed;
}

}  // namespace mailweir::rules
