#include "base/address_scope.h"

namespace mailweir {
AddressScope scope_of_v6(IpAddress address) {
  if (address.high == 0 && address.low == 1) return AddressScope::Loopback;
  if (address.is_unspecified() || address.high >> 56 == 0xff) return AddressScope::Impossible;  // multicast
  if (address.high >> 57 == 0xfc >> 1) return AddressScope::Private;    // RFC 4193: unique local
  if (address.high >> 54 == 0xfe80 >> 6) return AddressScope::Private;  // RFC 4291: link-local
  return AddressScope::Public;
}

}  // namespace mailweir
