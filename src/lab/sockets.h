// TCP sockets of the laboratory: any address of the prefixes that are routed to this namespace may be bound.
#pragma once

#include <cstdint>

#include "base/ip.h"
#include "base/result.h"
#include "sys/fd.h"

namespace mailweir::lab {

// Listens on `address`; the unspecified IPv6 address means all addresses of both families.
[[nodiscard]] Result<Fd> listen_on(IpAddress address, std::uint16_t port);
// Begins a connection from `source`, without waiting for its end.
[[nodiscard]] Result<Fd> begin_connection(IpAddress source, IpAddress server, std::uint16_t port);
// The address the peer of an accepted connection asked for.
[[nodiscard]] IpAddress local_address(const Fd& fd);
// 0, or why the connection came to nothing.
[[nodiscard]] int pending_error(const Fd& fd);

}  // namespace mailweir::lab
