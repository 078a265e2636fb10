#include "detect/destination_group.h"

#include "detect/provider_groups.h"

namespace mailweir {

DestinationGroup destination_group(IpAddress server) {
  if (const std::uint16_t provider = provider_of(server); provider != 0) return {{}, provider};
  if (server.is_v4()) return {IpAddress::v4(server.v4_bits() & 0xffff'ff00U), 0};
  return {{server.high & 0xffff'ffff'ffff'0000ULL, 0}, 0};
}

}  // namespace mailweir
