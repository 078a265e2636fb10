// A change of the table, as plan and apply show it.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "apply/table_change.h"
#include "record/compiled_table.h"
#include "report/painter.h"

namespace mailweir {

// One line each, at most `lines_max` of a set's elements; what was left out is counted.
[[nodiscard]] std::string changes_text(const std::vector<TableChange>& changes, const CompiledTable& table,
                                       const Painter& paint);
// changes[] of docs/json.md.
[[nodiscard]] nlohmann::ordered_json changes_json(const std::vector<TableChange>& changes, const CompiledTable& table);
// "3 added, 1 removed".
[[nodiscard]] std::string changes_count(const std::vector<TableChange>& changes);

}  // namespace mailweir
