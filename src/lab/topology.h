// The network of the laboratory: clients --- gateway --- world outside, three network namespaces joined by two veth
// pairs. The namespace that calls becomes the gateway.
//
//   inside                      gateway                        outside
//   172.16.0.0/12 on lo         forwards, masquerades v4       198.18.0.0/15 on lo
//   fd16::/32     on lo         and v6 in a table of its own   2001:db8::/32 on lo
//   10.255.0.2  ----- veth ----- 10.255.0.1 | 203.0.113.1 ----- veth ----- 203.0.113.254
//
// Whole prefixes are local to a namespace (AnyIP routes), so ten thousand clients and a hundred thousand servers need
// neither interfaces nor processes of their own. Which servers refuse or stay silent is two rules outside, by the low
// byte of the address (lab/places.h).
#pragma once

#include <string>

#include "base/result.h"
#include "sys/namespace.h"

namespace mailweir::lab {

struct Topology {
  NetworkNamespace inside, outside;
};

// REQUIRES: run_enclosed(). Needs the programs ip and nft; NotFound or Unsupported names the one that is missing.
[[nodiscard]] Result<Topology> build_topology();

// The texts handed to nft, for tests and for the curious.
[[nodiscard]] std::string gateway_ruleset();
[[nodiscard]] std::string outside_ruleset();

inline constexpr char kGatewayInside[] = "lan0";
inline constexpr char kGatewayOutside[] = "wan0";

}  // namespace mailweir::lab
