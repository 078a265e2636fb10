// Is a connection known to the kernel's connection tracking?
#pragma once

#include <optional>

#include "base/result.h"
#include "sys/conntrack_flow.h"

namespace mailweir {

// The entry whose answers come from `tuple.server` to `tuple.client`: found also when its way in was translated.
// Nothing: there is none. NotPermitted without CAP_NET_ADMIN; Unsupported: this kernel tracks nothing.
[[nodiscard]] Result<std::optional<ConntrackFlow>> find_tracked(const FlowTuple& tuple);

}  // namespace mailweir
