// Which reverse zones hold the names of some addresses, and under which name each address stands in its zone.
//
// Octet borders for IPv4 and nibble borders for IPv6, as large as the addresses fill them; for a part of a /24 a zone
// of its own that the holder of the /24 points to by aliases (RFC 2317): "64/26" where it is a prefix, "100-110" where
// it is not (RFC 4183 uses the hyphen). IPv6 zones are those of the /64 unless more is delegated.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "dns/pool.h"

namespace mailweir {

struct ReverseZone {
  std::string zone;
  std::vector<AddressRange> ranges;  // merged()
  // RFC 2317: the zone that has to hold aliases into this one; otherwise empty.
  std::string aliases_in{};
};

// `delegated`: the network whose zone is the operator's, when it is larger than the ranges; Usage when it does not hold
// them.
[[nodiscard]] Result<std::vector<ReverseZone>> plan_zones(const std::vector<AddressRange>& ranges,
                                                          const std::optional<IpPrefix>& delegated);

// The owner of the address's PTR record in a zone; nothing when the zone is not one that can hold it.
[[nodiscard]] std::optional<std::string> owner_in(const std::string& zone, IpAddress address);

}  // namespace mailweir
