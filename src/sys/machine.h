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

// Of the main routing table, the preferred first where several lead to one network.
struct KnownRoute {
  IpPrefix to = IpPrefix::host({});
  std::string interface;
};
[[nodiscard]] std::vector<KnownRoute> known_routes();
// /proc/net/route and /proc/net/ipv6_route, from which the former comes. Lines that are something else are passed over.
[[nodiscard]] std::vector<KnownRoute> read_routes(std::string_view table4, std::string_view table6);

struct Listener {
  IpAddress address;  // unspecified: all; of an IPv6 socket that is ::, IPv4 may come in too
  std::uint16_t port = 0;
  std::uint64_t socket = 0;  // its inode, by which processes know it
};
// TCP sockets of this network namespace that listen, without duplicates.
[[nodiscard]] std::vector<Listener> listeners();
// One of the tables the former reads: /proc/net/tcp or tcp6. Lines that are something else are passed over.
[[nodiscard]] std::vector<Listener> read_listeners(std::string_view table);

// Those of them that an SSH server holds, by the names of its program; those on port 22 that are held by the first
// process, which starts the server when somebody comes. Only root sees other people's.
[[nodiscard]] std::vector<Listener> ssh_listeners();

// Does the SOCKS5 server at this port of ours (RFC 1928) take clients that do not say who they are? Nothing: it does
// not speak SOCKS5, or not within half a second.
[[nodiscard]] std::optional<bool> socks_without_password(const Listener& listener);

}  // namespace mailweir
