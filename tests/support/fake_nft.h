// A very small nft: keeps one table, understands the statements our own code writes, and lists it as nft would.
//
// All or nothing, like a batch. Rules and set properties are taken as they are written; nothing is checked but names.
#pragma once

#include <optional>
#include <string>

#include "apply/listed_table.h"

namespace mailweir {

class FakeNft {
 public:
  // False: a statement is about something that is not there, or cannot be understood; nothing changed.
  [[nodiscard]] bool load(const std::string& statements);
  [[nodiscard]] std::string listing() const { return table_ ? print_listing(*table_) : std::string(); }
  [[nodiscard]] const std::optional<ListedTable>& table() const { return table_; }
  void flush() { table_.reset(); }

 private:
  std::optional<ListedTable> table_;
};

}  // namespace mailweir
