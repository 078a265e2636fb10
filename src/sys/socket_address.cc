#include "sys/socket_address.h"

#include <netinet/in.h>

#include <cstring>
#include <span>

namespace mailweir {

SocketAddress::SocketAddress(IpAddress address, std::uint16_t port, unsigned interface) {
  if (address.is_v4()) {
    sockaddr_in v4{};
    v4.sin_family = AF_INET;
    v4.sin_port = htons(port);
    v4.sin_addr.s_addr = htonl(address.v4_bits());
    std::memcpy(&storage, &v4, sizeof v4);
    length = sizeof v4;
  } else {
    sockaddr_in6 v6{};
    v6.sin6_family = AF_INET6;
    v6.sin6_port = htons(port);
    address.write(std::span<std::uint8_t, 16>(v6.sin6_addr.s6_addr));
    v6.sin6_scope_id = interface;
    std::memcpy(&storage, &v6, sizeof v6);
    length = sizeof v6;
  }
}

}  // namespace mailweir
