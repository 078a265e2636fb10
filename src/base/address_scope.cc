#include "base/address_scope.h"

namespace mailweir {
namespace {

AddressScope scope_v4(std::uint32_t address) {
  const auto in = [&](std::uint32_t base, int length) { return (address ^ base) >> (32 - length) == 0; };
  if (in(0x7f00'0000, 8)) return AddressScope::Loopback;
  if (in(0x0000'0000, 8) || address >= 0xe000'0000) return AddressScope::Impossible;  // multicast, class E, broadcast
  if (in(0x0a00'0000, 8) || in(0xac10'0000, 12) || in(0xc0a8'0000, 16)) return AddressScope::Private;  // RFC 1918
  if (in(0x6440'0000, 10)) return AddressScope::Private;                                               // RFC 6598: CGN
  if (in(0xa9fe'0000, 16)) return AddressScope::Private;  // RFC 3927: link-local
  return AddressScope::Public;
}

AddressScope scope_v6(IpAddress address) {
  if (address.high == 0 && address.low == 1) return AddressScope::Loopback;
  if (address.is_unspecified() || address.high >> 56 == 0xff) return AddressScope::Impossible;  // multicast
  if (address.high >> 57 == 0xfc >> 1) return AddressScope::Private;    // RFC 4193: unique local
  if (address.high >> 54 == 0xfe80 >> 6) return AddressScope::Private;  // RFC 4291: link-local
  return AddressScope::Public;
}

}  // namespace

AddressScope scope_of(IpAddress address) { return address.is_v4() ? scope_v4(address.v4_bits()) : scope_v6(address); }

}  // namespace mailweir
