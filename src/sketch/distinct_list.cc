#include "sketch/distinct_list.h"

#include <hwy/contrib/sort/vqsort.h>

namespace mailweir {

void sort_values(std::span<std::uint32_t> values) { hwy::Sorter()(values.data(), values.size(), hwy::SortAscending()); }

}  // namespace mailweir
