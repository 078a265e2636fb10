// Waits until the laboratory's network carries connections.
#pragma once

#include <cstdint>

#include "base/result.h"
#include "lab/topology.h"

namespace mailweir::lab {

// One connection of each family, all the way through the gateway, to a port that is not mail. A link that was just
// raised carries nothing for up to a second. REQUIRES: somebody listens outside on kProbePort.
[[nodiscard]] Result<void> await_network(const Topology& topology);

inline constexpr std::uint16_t kProbePort = 7;  // echo: no port of mail, so nobody judges the probe

}  // namespace mailweir::lab
