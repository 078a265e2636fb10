// What this machine is, as far as its kernel tells without being asked for privileges: interfaces, forwarding,
// listeners.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/ip.h"

namespace mailweir {

struct OwnAddress {
  std::string interface;
  IpAddress address;
  IpPrefix network = IpPrefix::host({});
};
// Of interfaces that are up; no loopback, no link-local addresses.
[[nodiscard]] std::vector<OwnAddress> own_addresses();
// Interfaces with a default route, of either family.
[[nodiscard]] std::vector<std::string> default_route_interfaces();

// Of all interfaces, lo and those that are down too.
[[nodiscard]] std::vector<std::string> interface_names();

struct Listener {
  IpAddress address;  // unspecified: all; of an IPv6 socket that is ::, IPv4 may come in too
  std::uint16_t port = 0;
};
// TCP sockets of this network namespace that listen, without duplicates.
[[nodiscard]] std::vector<Listener> listeners();
// One of the tables the former reads: /proc/net/tcp or tcp6. Lines that are something else are passed over.
[[nodiscard]] std::vector<Listener> read_listeners(std::string_view table);

// Does the SOCKS5 server at this port of ours (RFC 1928) take clients that do not say who they are? Nothing: it does
// not speak SOCKS5, or not within half a second.
[[nodiscard]] std::optional<bool> socks_without_password(const Listener& listener);

}  // namespace mailweir
