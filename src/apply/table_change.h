// From one state of our table to another: what a person reads, and what the kernel is told.
//
// In:  what the kernel has (nothing: no table), what is wanted, as models.   Out: changes in words; one batch of
// statements for `nft -f`, all or nothing.
// Invariants
//   (1) Objects with a life (blocks) that both have, declared alike, are not touched: contents and ends stay.
//   (2) Declared otherwise, they are made anew and their contents carried over with what they have left.
//   (3) Everything else is replaced, so nothing that was there before and is not wanted stays.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "apply/listed_table.h"

namespace mailweir {

struct TableChange {
  enum class Op : std::uint8_t { Add, Remove, Change };
  Op op = Op::Add;
  std::string where;  // "chain mw_mail", "set clients4", "table"
  std::string what;   // a rule, an element, a property, as nft writes it
  friend bool operator==(const TableChange&, const TableChange&) = default;
};

[[nodiscard]] std::string_view name_of(TableChange::Op op);  // "add", "remove", "change"

// Empty: both decide alike. Markers and contents with a life are no difference.
[[nodiscard]] std::vector<TableChange> table_difference(const std::optional<ListedTable>& there,
                                                        const ListedTable& wanted);

// Is there a set whose contents have to be read and written again, because it is declared otherwise?
[[nodiscard]] bool carries_over(const ListedTable& there, const ListedTable& wanted);

// Brings the kernel from `there` to `text`, which are statements that make `wanted` out of nothing.
[[nodiscard]] std::string change_statements(const std::optional<ListedTable>& there, const ListedTable& wanted,
                                            const std::string& text);

// Brings the kernel from `there` back to `before` as it was `passed` ago. Nothing: the table goes.
[[nodiscard]] std::string way_back_statements(const std::optional<ListedTable>& there,
                                              const std::optional<ListedTable>& before, Duration passed);

}  // namespace mailweir
