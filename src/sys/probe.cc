#include "sys/probe.h"

#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

#include <array>
#include <bit>
#include <cerrno>
#include <memory>

#include "sys/fd.h"

namespace mailweir {
namespace {

struct SocketAddress {
  sockaddr_storage storage{};
  socklen_t length = 0;
};

SocketAddress socket_address(IpAddress address, std::uint16_t port) {
  SocketAddress result;
  std::array<std::uint8_t, 16> bytes;
  address.write(bytes);
  if (address.is_v4()) {
    auto* v4 = reinterpret_cast<sockaddr_in*>(&result.storage);
    v4->sin_family = AF_INET;
    v4->sin_port = htons(port);
    v4->sin_addr.s_addr = htonl(address.v4_bits());
    result.length = sizeof *v4;
  } else {
    auto* v6 = reinterpret_cast<sockaddr_in6*>(&result.storage);
    v6->sin6_family = AF_INET6;
    v6->sin6_port = htons(port);
    std::copy(bytes.begin(), bytes.end(), v6->sin6_addr.s6_addr);
    result.length = sizeof *v6;
  }
  return result;
}

ProbeEnd end_of(int number) {
  switch (number) {
    case 0:
      return ProbeEnd::Established;
    case ENETUNREACH:
    case EADDRNOTAVAIL:
      return ProbeEnd::NoRoute;
    case ETIMEDOUT:
    case EHOSTUNREACH:  // nobody answered for the address
      return ProbeEnd::NoAnswer;
    default:
      return ProbeEnd::Refused;
  }
}

std::optional<IpAddress> last_of(const sockaddr_in& own, const sockaddr_in& mask) {
  const std::uint32_t address = ntohl(own.sin_addr.s_addr), bits = ntohl(mask.sin_addr.s_addr);
  if (std::popcount(bits) > 30) return std::nullopt;  // too small to hold somebody else
  const std::uint32_t last = (address | ~bits) - 1;
  return IpAddress::v4(last == address ? last - 1 : last);
}

std::optional<IpAddress> neighbour_of(const sockaddr_in6& own) {
  if (IN6_IS_ADDR_LINKLOCAL(&own.sin6_addr)) return std::nullopt;  // would need its interface
  IpAddress address = IpAddress::v6(std::span<const std::uint8_t, 16>(own.sin6_addr.s6_addr));
  address.low ^= 0xfdff'ffff;  // the same /64 (and /96), an interface id nobody was given
  return address;
}

}  // namespace

Result<ProbeEnd> probe_connection(IpAddress server, std::uint16_t port, Duration patience) {
  const SocketAddress to = socket_address(server, port);
  const Fd socket(::socket(to.storage.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!socket.is_open()) {
    if (errno == EAFNOSUPPORT) return ProbeEnd::NoRoute;
    return fail(Error::from_errno(errno, "opening a socket"));
  }
  if (::connect(socket.get(), reinterpret_cast<const sockaddr*>(&to.storage), to.length) == 0) {
    return ProbeEnd::Established;
  }
  if (errno != EINPROGRESS) {
    // A rule that drops or rejects in the output hook can answer at once.
    return errno == EPERM ? ProbeEnd::NoAnswer : end_of(errno);
  }
  pollfd waiting{socket.get(), POLLOUT, 0};
  const auto milliseconds = std::chrono::ceil<std::chrono::milliseconds>(patience).count();
  if (poll(&waiting, 1, static_cast<int>(milliseconds)) != 1) return ProbeEnd::NoAnswer;
  int number = 0;
  socklen_t length = sizeof number;
  getsockopt(socket.get(), SOL_SOCKET, SO_ERROR, &number, &length);
  return end_of(number);
}

std::optional<IpAddress> neighbour_address(bool v4) {
  ifaddrs* list = nullptr;
  if (getifaddrs(&list) != 0) return std::nullopt;
  const std::unique_ptr<ifaddrs, void (*)(ifaddrs*)> owner(list, freeifaddrs);
  for (const ifaddrs* one = list; one != nullptr; one = one->ifa_next) {
    if (one->ifa_addr == nullptr || one->ifa_netmask == nullptr) continue;
    if ((one->ifa_flags & IFF_LOOPBACK) != 0 || (one->ifa_flags & IFF_UP) == 0) continue;
    std::optional<IpAddress> found;
    if (v4 && one->ifa_addr->sa_family == AF_INET) {
      found = last_of(*reinterpret_cast<const sockaddr_in*>(one->ifa_addr),
                      *reinterpret_cast<const sockaddr_in*>(one->ifa_netmask));
    }
    if (!v4 && one->ifa_addr->sa_family == AF_INET6) {
      found = neighbour_of(*reinterpret_cast<const sockaddr_in6*>(one->ifa_addr));
    }
    if (found) return found;
  }
  return std::nullopt;
}

}  // namespace mailweir
