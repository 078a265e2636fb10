// Names to addresses, as every program of this machine resolves them (hosts file, DNS). Waits for the answer.
#pragma once

#include <string>
#include <vector>

#include "base/ip.h"
#include "base/result.h"

namespace mailweir {

// An address is its own name. NotFound: nobody knows it. Of each family in the order of the resolver, without
// duplicates.
[[nodiscard]] Result<std::vector<IpAddress>> resolve_name(const std::string& name);

}  // namespace mailweir
