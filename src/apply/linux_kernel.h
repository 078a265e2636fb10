// The real door to the kernel: rulesets as text through the `nft` program, everything else through netlink.
//
// Needs CAP_NET_ADMIN in the network namespace. Costs (2-core machine, Linux 6.18): a table about 6 ms, a block tens of
// microseconds. Source of the split: docs/architecture.md ("Libraries").
#pragma once

#include <memory>

#include "apply/kernel.h"

namespace mailweir {

[[nodiscard]] Result<std::unique_ptr<Kernel>> open_linux_kernel();

}  // namespace mailweir
