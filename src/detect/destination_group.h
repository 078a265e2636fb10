// What counts as "one place" when a client contacts mail servers: an IPv4 /24, an IPv6 /48, or a large mail host as a
// whole, whose pool of addresses would else make one correspondent look like ten (docs/detection.md, section 2).
#pragma once

#include <compare>

#include "base/ip.h"

namespace mailweir {

struct DestinationGroup {
  IpAddress base;              // of the network; all zero for a provider
  std::uint16_t provider = 0;  // number in the provider table, 0: none

  friend auto operator<=>(const DestinationGroup&, const DestinationGroup&) = default;
};

[[nodiscard]] DestinationGroup destination_group(IpAddress server);

}  // namespace mailweir
