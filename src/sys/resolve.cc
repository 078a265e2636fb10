#include "sys/resolve.h"

#include <netdb.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <cstring>
#include <memory>
#include <span>

#include "base/escape.h"

namespace mailweir {

Result<std::vector<IpAddress>> resolve_name(const std::string& name) {
  if (const auto address = IpAddress::parse(name)) return std::vector{*address};
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* first = nullptr;
  if (const int number = getaddrinfo(name.c_str(), nullptr, &hints, &first); number != 0)
    return fail(ErrorCode::NotFound, "'" + escape(name, 100) + "' has no address: " + gai_strerror(number));
  const std::unique_ptr<addrinfo, void (*)(addrinfo*)> list(first, freeaddrinfo);
  std::vector<IpAddress> addresses;
  for (const addrinfo* one = first; one != nullptr; one = one->ai_next) {
    IpAddress address;
    if (one->ai_family == AF_INET) {
      sockaddr_in v4{};
      std::memcpy(&v4, one->ai_addr, sizeof v4);
      address = IpAddress::v4(ntohl(v4.sin_addr.s_addr));
    } else if (one->ai_family == AF_INET6) {
      sockaddr_in6 v6{};
      std::memcpy(&v6, one->ai_addr, sizeof v6);
      address = IpAddress::v6(std::span<const std::uint8_t, 16>(v6.sin6_addr.s6_addr));
    } else {
      continue;
    }
    if (std::find(addresses.begin(), addresses.end(), address) == addresses.end()) addresses.push_back(address);
  }
  return addresses;
}

}  // namespace mailweir
