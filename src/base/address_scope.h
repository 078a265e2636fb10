// What kind of place an address belongs to, by the address alone. Documentation networks (RFC 5737, 3849) count as
// public. Sources: IANA special-purpose address registries; RFC 1918, 3927, 4193, 4291, 6598.
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
[[nodiscard]] AddressScope scope_of_v6(IpAddress address);

// In the header because it is asked of both ends of every packet.
[[nodiscard]] inline AddressScope scope_of_v4(std::uint32_t address) {
  const auto in = [&](std::uint32_t base, int length) { return (address ^ base) >> (32 - length) == 0; };
  if (in(0x7f00'0000, 8)) return AddressScope::Loopback;
  if (in(0x0000'0000, 8) || address >= 0xe000'0000) return AddressScope::Impossible;  // multicast, class E, broadcast
  // RFC 1918, RFC 6598 (CGN), RFC 3927 (link-local). All at once: which it is cannot be predicted.
  const bool is_private =
      in(0x0a00'0000, 8) | in(0xac10'0000, 12) | in(0xc0a8'0000, 16) | in(0x6440'0000, 10) | in(0xa9fe'0000, 16);
  return is_private ? AddressScope::Private : AddressScope::Public;
}
[[nodiscard]] inline AddressScope scope_of(IpAddress address) {
  return address.is_v4() ? scope_of_v4(address.v4_bits()) : scope_of_v6(address);
}

}  // namespace mailweir
