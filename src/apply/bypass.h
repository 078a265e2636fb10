// What makes rules of ours useless though they stand where they should, as far as it is cheap to know.
//
// In:  our table as listed, the flowtables of this machine (table_names.h).   Out: sentences, and how many rules do not
// work for it. Does not know: what other tables decide; `verify` tries the rules.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include "apply/kernel.h"
#include "apply/listed_table.h"

namespace mailweir {

struct Bypass {
  std::string text;       // what it is and what it does to us
  std::size_t parts = 0;  // rules that do not work because of it
};
// Nothing in it is counted twice.
[[nodiscard]] std::vector<Bypass> bypasses_of(const ListedTable& ours, const std::vector<std::string>& flowtables);

// Rules of a chain, sets, and their elements that do not come and go: what `enforced N of M` counts.
[[nodiscard]] std::size_t parts_of(const ListedTable& table);

// What rules logged, and what the limits of their logs kept back.
struct LogCounts {
  std::uint64_t seen = 0, written = 0;
};
[[nodiscard]] LogCounts log_counts(std::span<const RulePackets> rules);

}  // namespace mailweir
