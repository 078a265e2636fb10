// What kind of place an address belongs to, by the address alone. Documentation networks (RFC 5737, 3849) count as public.
// Sources: IANA special-purpose address registries; RFC 1918, 3927, 4193, 4291, 6598.
#pragma once

#include <cstdint>

#include "base/ip.h"

namespace mailweir {

enum class AddressScope : std::uint8_t {
  Public,
  Private,     // also carrier-grade NAT, unique local, link-local
  Loopback,    // never leaves a machine
  Impossible,  // no end of a TCP connection: unspecified, multicast, broadcast, reserved
};
[[nodiscard]] AddressScope scope_of(IpAddress address);

}  // namespace mailweir
