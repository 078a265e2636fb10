#include "apply/table_change.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <map>
#include <set>

#include "record/compiled_table.h"

namespace mailweir {
namespace {

using Op = TableChange::Op;

// Elements in one statement: nft's lists grow slowly above some thousands.
constexpr std::size_t kElementsPerStatement = 1000;

std::vector<std::string> comparable(const TableObject& object) {
  std::vector<std::string> lines;
  for (const std::string& line : object.lines) lines.push_back(without_marker(line));
  return lines;
}

// The longest common subsequence stays; the order of rules is part of what they mean.
void compare_lines(const std::string& where, const std::vector<std::string>& there,
                   const std::vector<std::string>& wanted, std::vector<TableChange>& changes) {
  std::vector<std::vector<std::uint32_t>> common(there.size() + 1, std::vector<std::uint32_t>(wanted.size() + 1, 0));
  for (std::size_t i = there.size(); i-- > 0;) {
    for (std::size_t j = wanted.size(); j-- > 0;) {
      common[i][j] = there[i] == wanted[j] ? common[i + 1][j + 1] + 1 : std::max(common[i + 1][j], common[i][j + 1]);
    }
  }
  std::size_t i = 0, j = 0;
  while (i < there.size() || j < wanted.size()) {
    if (i < there.size() && j < wanted.size() && there[i] == wanted[j]) {
      ++i, ++j;
    } else if (j == wanted.size() || (i < there.size() && common[i + 1][j] >= common[i][j + 1])) {
      changes.push_back({Op::Remove, where, there[i++]});
    } else {
      changes.push_back({Op::Add, where, wanted[j++]});
    }
  }
}

void compare_elements(const std::string& where, const TableObject& there, const TableObject& wanted,
                      std::vector<TableChange>& changes) {
  const std::set<std::string> before(there.elements.begin(), there.elements.end());
  const std::set<std::string> after(wanted.elements.begin(), wanted.elements.end());
  for (const std::string& element : before) {
    if (!after.contains(element)) changes.push_back({Op::Remove, where, element});
  }
  for (const std::string& element : after) {
    if (!before.contains(element)) changes.push_back({Op::Add, where, element});
  }
}

void compare(const TableObject& there, const TableObject& wanted, std::vector<TableChange>& changes) {
  const std::string where = wanted.kind + " " + wanted.name;
  compare_lines(where, comparable(there), comparable(wanted), changes);
  if (!wanted.has_life()) compare_elements(where, there, wanted, changes);
}

const TableObject* same_in(const std::optional<ListedTable>& table, const TableObject& object) {
  return table ? table->find(object.kind, object.name) : nullptr;
}

// It stays where it is: only what is made again the same may be left, and chains are always written anew.
bool stays(const TableObject& there, const TableObject* wanted) {
  if (wanted == nullptr || there.lines != wanted->lines) return false;
  return there.has_life() || there.kind == "counter";
}

void take_away(const ListedTable& there, const std::optional<ListedTable>& wanted, std::string& text) {
  const auto statement = [&](const char* verb, const TableObject& object) {
    fmt::format_to(std::back_inserter(text), "{} {} inet {} {}\n", verb, object.kind, kTable, object.name);
  };
  for (const TableObject& object : there.objects) {
    if (object.is_chain()) statement("flush", object);
  }
  // Maps may lead to chains, and rules led to everything: chains go last but lead nowhere any more.
  for (const TableObject& object : there.objects) {
    if (!object.is_chain() && !stays(object, same_in(wanted, object))) statement("delete", object);
  }
  for (const TableObject& object : there.objects) {
    if (object.is_chain()) statement("delete", object);
  }
}

void add_elements(const TableObject& object, const std::vector<std::string>& elements, std::string& text) {
  for (std::size_t i = 0; i < elements.size(); i += kElementsPerStatement) {
    const auto end = std::min(elements.size(), i + kElementsPerStatement);
    fmt::format_to(std::back_inserter(text), "add element inet {} {} {{ {} }}\n", kTable, object.name,
                   fmt::join(elements.begin() + static_cast<std::ptrdiff_t>(i),
                             elements.begin() + static_cast<std::ptrdiff_t>(end), ", "));
  }
}

}  // namespace

std::string_view name_of(Op op) {
  switch (op) {
    case Op::Add:
      return "add";
    case Op::Remove:
      return "remove";
    case Op::Change:
      return "change";
  }
  return "";
}

std::vector<TableChange> table_difference(const std::optional<ListedTable>& there, const ListedTable& wanted) {
  std::vector<TableChange> changes;
  if (!there) changes.push_back({Op::Add, "table", fmt::format("inet {}", kTable)});
  if (there) {
    for (const TableObject& object : there->objects) {
      if (wanted.find(object.kind, object.name) != nullptr) continue;
      changes.push_back({Op::Remove, object.kind + " " + object.name, ""});
    }
  }
  for (const TableObject& object : wanted.objects) {
    const TableObject* before = same_in(there, object);
    if (before != nullptr) {
      compare(*before, object, changes);
      continue;
    }
    changes.push_back({Op::Add, object.kind + " " + object.name, ""});
    // How a new set is declared nobody asked for; what it holds and what a chain does, they did.
    compare({object.kind, object.name, object.is_chain() ? std::vector<std::string>() : object.lines, {}}, object,
            changes);
  }
  return changes;
}

bool carries_over(const ListedTable& there, const ListedTable& wanted) {
  return std::any_of(there.objects.begin(), there.objects.end(), [&](const TableObject& object) {
    const TableObject* after = wanted.find(object.kind, object.name);
    return after != nullptr && object.has_life() && after->has_life() && !stays(object, after);
  });
}

std::string change_statements(const std::optional<ListedTable>& there, const ListedTable& wanted,
                              const std::string& text) {
  std::string statements;
  if (there) take_away(*there, wanted, statements);
  statements += text;
  if (!there) return statements;
  for (const TableObject& object : there->objects) {
    const TableObject* after = wanted.find(object.kind, object.name);
    if (after == nullptr || !object.has_life() || !after->has_life() || stays(object, after)) continue;
    add_elements(object, object.elements, statements);
  }
  return statements;
}

std::string way_back_statements(const std::optional<ListedTable>& there, const std::optional<ListedTable>& before,
                                Duration passed) {
  if (!before) return there ? fmt::format("delete table inet {}\n", kTable) : std::string();
  ListedTable restored = *before;
  for (TableObject& object : restored.objects) {
    if (!object.has_life()) continue;
    const TableObject* now = same_in(there, object);
    if (now != nullptr && now->has_life()) {
      // Blocks made and lifted since then are as they are now.
      object.elements = stays(*now, &object) ? std::vector<std::string>() : now->elements;
      continue;
    }
    std::vector<std::string> left;
    for (const std::string& element : object.elements) {
      if (auto aged = aged_element(element, passed)) left.push_back(std::move(*aged));
    }
    object.elements = std::move(left);
  }
  std::string statements;
  if (there) take_away(*there, before, statements);
  return statements + print_listing(restored);
}

}  // namespace mailweir
