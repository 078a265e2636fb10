// Our table as `nft list table inet mailweir` prints it, read into a model that can be compared, and printed again.
//
// In:  what nft (1.0.2 and later) printed of our own table.   Out: the model; its print loads into the same table.
// Invariants: print(parse(text)) loads as `text` does. Counters of rules and elements are not part of the model: they
// are never the same twice. What an element has left is.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"

namespace mailweir {

// A set, map, chain, counter, … of the table.
struct TableObject {
  std::string kind;  // "set", "map", "chain", "counter", …
  std::string name;
  std::vector<std::string> lines;  // properties; of a chain: "type … hook …" and the rules
  std::vector<std::string> elements;

  [[nodiscard]] bool is_chain() const { return kind == "chain"; }
  // Its contents come and go by themselves (timeouts), and are kept when the table changes.
  [[nodiscard]] bool has_life() const;
  friend bool operator==(const TableObject&, const TableObject&) = default;
};

struct ListedTable {
  std::vector<std::string> properties;  // of the table: its comment
  std::vector<TableObject> objects;

  [[nodiscard]] const TableObject* find(std::string_view kind, std::string_view name) const;
  friend bool operator==(const ListedTable&, const ListedTable&) = default;
};

// An empty text is no table. BadInput is a nullopt too: nothing that nft prints.
[[nodiscard]] std::optional<ListedTable> parse_listing(std::string_view text);
[[nodiscard]] std::string print_listing(const ListedTable& table);

// A number that is the same for two tables when they decide alike: everything but the contents of objects with a life.
[[nodiscard]] std::string table_digest(const ListedTable& table);

// An element some time later; nothing when it has ended by then. Elements without an end stay as they are.
[[nodiscard]] std::optional<std::string> aged_element(const std::string& element, Duration passed);

// "mailweir 0123456789abcdef" as a comment says which text a table came from, and nothing about what it does.
[[nodiscard]] std::string without_marker(std::string_view rule);

}  // namespace mailweir
