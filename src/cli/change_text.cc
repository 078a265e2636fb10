#include "cli/change_text.h"

#include <fmt/format.h>

#include <map>
#include <nlohmann/json.hpp>

#include "base/escape.h"
#include "cli/policy_table.h"
#include "report/words.h"

namespace mailweir {
namespace {

// Elements of one set or rules of one chain that are shown before the rest is only counted.
constexpr std::size_t kShownPerPlace = 40;
constexpr std::size_t kLineMax = 400;

std::string policy_line(const TableChange& change, const CompiledTable& table) {
  const RuleInfo* rule = rule_of_line(table, change.what);
  if (rule == nullptr || rule->line == 0) return {};
  return fmt::format("  ({}:{})", escape(rule->file), rule->line);
}

}  // namespace

std::string changes_text(const std::vector<TableChange>& changes, const CompiledTable& table, const Painter& paint) {
  std::string text;
  std::string place;
  std::size_t shown = 0, hidden = 0;
  const auto close = [&] {
    if (hidden > 0) text += fmt::format("      ... and {} more\n", count_text(hidden));
    shown = hidden = 0;
  };
  for (const TableChange& change : changes) {
    if (change.where != place) {
      close();
      place = change.where;
      text += fmt::format("  {}\n", place);
    }
    const bool adds = change.op == TableChange::Op::Add;
    if (change.what.empty()) {
      text += paint(adds ? Style::Good : Style::Bad, adds ? "    + new" : "    - gone") + "\n";
      continue;
    }
    if (++shown > kShownPerPlace) {
      ++hidden;
      continue;
    }
    const std::string line = fmt::format("    {} {}", adds ? '+' : '-', escape(change.what, kLineMax));
    text += paint(adds ? Style::Good : Style::Bad, line) + policy_line(change, table) + "\n";
  }
  close();
  return text;
}

nlohmann::ordered_json changes_json(const std::vector<TableChange>& changes, const CompiledTable& table) {
  auto list = nlohmann::ordered_json::array();
  for (const TableChange& change : changes) {
    nlohmann::ordered_json entry;
    entry["op"] = name_of(change.op);
    entry["where"] = change.where;
    entry["what"] = change.what.empty() ? change.where : change.what;
    const RuleInfo* rule = rule_of_line(table, change.what);
    entry["policy_line"] =
        rule == nullptr || rule->line == 0 ? nlohmann::ordered_json() : nlohmann::ordered_json(rule->line);
    list.push_back(std::move(entry));
  }
  return list;
}

std::string changes_count(const std::vector<TableChange>& changes) {
  std::size_t added = 0;
  for (const TableChange& change : changes) added += change.op == TableChange::Op::Add ? 1 : 0;
  return fmt::format("{} added, {} removed", count_text(added), count_text(changes.size() - added));
}

}  // namespace mailweir
