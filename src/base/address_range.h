// Ranges of addresses as people write them, "198.51.100.100-198.51.100.103", in the prefixes that rules and sets take.
#pragma once

#include <vector>

#include "base/ip.h"

namespace mailweir {

// The fewest prefixes that hold exactly first to last, in order. REQUIRES: one family, first <= last.
[[nodiscard]] std::vector<IpPrefix> prefixes_of(IpAddress first, IpAddress last);

}  // namespace mailweir
