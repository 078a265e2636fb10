// An address and a port as the socket calls want them.
#pragma once

#include <sys/socket.h>

#include <cstdint>

#include "base/ip.h"

namespace mailweir {

struct SocketAddress {
  sockaddr_storage storage{};
  socklen_t length = 0;

  // `interface`: its index, which link-local and multicast addresses of IPv6 need.
  SocketAddress(IpAddress address, std::uint16_t port, unsigned interface = 0);
  [[nodiscard]] const sockaddr* get() const { return static_cast<const sockaddr*>(static_cast<const void*>(&storage)); }
};

}  // namespace mailweir
