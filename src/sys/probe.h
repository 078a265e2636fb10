// One attempt at a TCP connection, for seeing what happens to it.
#pragma once

#include <cstdint>
#include <optional>

#include "base/ip.h"
#include "base/result.h"
#include "base/time.h"

namespace mailweir {

enum class ProbeEnd : std::uint8_t {
  Established,
  Refused,   // answered with a reset, or an ICMP error
  NoAnswer,  // within the time
  NoRoute,   // it never left: this machine knows no way there
};

// The first packet has passed this machine's own rules when this returns, whatever the answer.
[[nodiscard]] Result<ProbeEnd> probe_connection(IpAddress server, std::uint16_t port, Duration patience);

// An address that may be probed without anybody being there: of a connected network, not our own, its last one for
// IPv4. Nothing: no interface but loopback has a network of that family.
[[nodiscard]] std::optional<IpAddress> neighbour_address(bool v4);

}  // namespace mailweir
