// Which tables and flowtables there are, from the kernel's own words: the nft program (1.0.6) fetches the contents of
// all sets first, which takes a second when 100,000 clients are blocked. Source: linux/netfilter/nf_tables.h
// (kernel 6.18).
#pragma once

#include <string>
#include <vector>

#include "base/result.h"

namespace mailweir {

// Of family inet.
[[nodiscard]] Result<std::vector<std::string>> inet_tables();
// Of all families: "table name".
[[nodiscard]] Result<std::vector<std::string>> flowtables();

}  // namespace mailweir
