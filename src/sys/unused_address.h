// Does anybody have this address? Asked before a throw-away host takes it.
#pragma once

#include "base/ip.h"
#include "base/result.h"

namespace mailweir {

// Of a connected network the neighbours are asked (ARP, neighbour discovery: even a host that answers nothing else
// answers these), of others the address itself (a ping). It is not unused when it is our own, when the neighbour table
// knows it, or when anything answers. Takes up to a second, and needs CAP_NET_ADMIN.
[[nodiscard]] Result<bool> is_unused(IpAddress address);

// Of a client network of IPv6, a /64: no interface of ours is in it, no route leads into a part of it, and no neighbour
// is known in it.
[[nodiscard]] Result<bool> is_unused_network(const IpPrefix& network);

}  // namespace mailweir
