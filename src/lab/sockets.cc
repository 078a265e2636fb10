#include "lab/sockets.h"

#include <fmt/format.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <span>

namespace mailweir::lab {
namespace {

// Linux takes an IPv4-mapped address in an IPv6 socket for IPv4; clients use plain IPv4 sockets all the same, because a
// source bound to a mapped address is looked up as IPv6 first.
struct SocketAddress {
  sockaddr_storage storage{};
  socklen_t length = 0;

  [[nodiscard]] const sockaddr* get() const {
    const void* address = &storage;
    return static_cast<const sockaddr*>(address);
  }
};

SocketAddress socket_address(IpAddress address, std::uint16_t port) {
  SocketAddress out;
  std::array<std::uint8_t, 16> bytes{};
  address.write(bytes);
  if (address.is_v4()) {
    sockaddr_in v4{};
    v4.sin_family = AF_INET;
    v4.sin_port = htons(port);
    std::memcpy(&v4.sin_addr, bytes.data() + 12, 4);
    std::memcpy(&out.storage, &v4, sizeof v4);
    out.length = sizeof v4;
  } else {
    sockaddr_in6 v6{};
    v6.sin6_family = AF_INET6;
    v6.sin6_port = htons(port);
    std::memcpy(&v6.sin6_addr, bytes.data(), 16);
    std::memcpy(&out.storage, &v6, sizeof v6);
    out.length = sizeof v6;
  }
  return out;
}

void set(const Fd& fd, int level, int option, int value) { setsockopt(fd.get(), level, option, &value, sizeof value); }

Result<Fd> tcp_socket(IpAddress address) {
  Fd fd(socket(address.is_v4() ? AF_INET : AF_INET6, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!fd.is_open()) return fail(Error::from_errno(errno, "opening a socket"));
  set(fd, IPPROTO_TCP, TCP_NODELAY, 1);
  // IPv4 finds an AnyIP route by itself; for IPv6 "local" is only what an interface has, so bind must not ask.
  if (address.is_v4()) {
    set(fd, IPPROTO_IP, IP_FREEBIND, 1);
  } else {
    set(fd, IPPROTO_IPV6, IPV6_FREEBIND, 1);
  }
  return fd;
}

}  // namespace

Result<Fd> listen_on(IpAddress address, std::uint16_t port) {
  constexpr int kBacklog = 4'096;  // net.core.somaxconn of the namespace caps it
  auto fd = tcp_socket(address);
  if (!fd) return fd;
  set(*fd, SOL_SOCKET, SO_REUSEADDR, 1);
  const SocketAddress where = socket_address(address, port);
  if (bind(fd->get(), where.get(), where.length) != 0 || ::listen(fd->get(), kBacklog) != 0) {
    return fail(Error::from_errno(errno, fmt::format("listening on {} port {}", address.text(), port)));
  }
  return fd;
}

Result<Fd> begin_connection(IpAddress source, IpAddress server, std::uint16_t port) {
  auto fd = tcp_socket(server);
  if (!fd) return fd;
  set(*fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, 1);
  const SocketAddress from = socket_address(source, 0), to = socket_address(server, port);
  if (bind(fd->get(), from.get(), from.length) != 0) {
    return fail(Error::from_errno(errno, fmt::format("taking the address {}", source.text())));
  }
  if (connect(fd->get(), to.get(), to.length) != 0 && errno != EINPROGRESS) {
    return fail(Error::from_errno(errno, fmt::format("connecting to {} port {}", server.text(), port)));
  }
  return fd;
}

IpAddress local_address(const Fd& fd) {
  sockaddr_storage storage{};
  socklen_t length = sizeof storage;
  void* place = &storage;
  if (getsockname(fd.get(), static_cast<sockaddr*>(place), &length) != 0) return {};
  if (storage.ss_family == AF_INET) {
    sockaddr_in v4{};
    std::memcpy(&v4, &storage, sizeof v4);
    return IpAddress::v4(ntohl(v4.sin_addr.s_addr));
  }
  sockaddr_in6 v6{};
  std::memcpy(&v6, &storage, sizeof v6);
  return IpAddress::v6(std::span<const std::uint8_t, 16>(v6.sin6_addr.s6_addr));
}

int pending_error(const Fd& fd) {
  int error = 0;
  socklen_t length = sizeof error;
  if (getsockopt(fd.get(), SOL_SOCKET, SO_ERROR, &error, &length) != 0) return errno;
  return error;
}

}  // namespace mailweir::lab
