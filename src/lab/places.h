// Where everybody lives: the address plan of the laboratory, and what a mail server does, which its address decides.
//
// Clients live in 172.16.0.0/12 and fd16::/32 (one /64 each). The world outside lives in 198.18.0.0/15 (RFC 2544, for
// benchmarks) and 2001:db8::/32 (RFC 3849, for documentation): 512 groups each, a /24 or a /48 of one operator. The low
// byte of a server's address is its behaviour, so one nftables rule and one function agree about thousands of servers.
#pragma once

#include <cstdint>
#include <string_view>

#include "base/ip.h"

namespace mailweir::lab {

enum class Family : std::uint8_t { V4, V6 };

enum class Behaviour : std::uint8_t {
  Accept,             // takes the message
  Greylist,           // 4xx at RCPT until the sender comes back after a while (RFC 6647)
  RefuseRecipients,   // 550 at every RCPT; on submission ports: the password is wrong
  RefuseConnections,  // RST
  Silent,             // no answer at all
};
[[nodiscard]] std::string_view name_of(Behaviour behaviour);

// The low byte: 1-127 accept, 128-159 greylist, 160-191 refuse recipients, 192-223 refuse connections, 224-254 silent.
[[nodiscard]] Behaviour behaviour_of(IpAddress server);

inline constexpr std::uint32_t kGroups = 512;         // /24s and /48s
inline constexpr std::uint32_t kProviderGroups = 40;  // the first groups: mail providers that people have accounts with
// The `n`-th server with that behaviour in that group; n counts round.
[[nodiscard]] IpAddress server_address(Family family, std::uint32_t group, Behaviour behaviour, std::uint32_t n);
// Prefixes that are local to the world outside.
[[nodiscard]] IpPrefix servers_prefix(Family family);

inline constexpr std::uint32_t kClientsMax = 20'000;  // trades memory and conntrack entries for size
// Of the `n`-th client; in IPv6 the first host of its own /64.
[[nodiscard]] IpAddress client_address(Family family, std::uint32_t n);
// Another host in the /64 of an IPv6 client.
[[nodiscard]] IpAddress neighbour_address(IpAddress client, std::uint64_t host);
// Mail servers behind the gateway: 172.16.9.25 and following, and their public addresses outside.
[[nodiscard]] IpAddress mail_host_address(std::uint32_t n);
[[nodiscard]] IpAddress public_address(std::uint32_t n);
[[nodiscard]] IpPrefix clients_prefix(Family family);

// The client an address belongs to: itself, or its /64.
[[nodiscard]] IpPrefix client_prefix(IpAddress address);

}  // namespace mailweir::lab
