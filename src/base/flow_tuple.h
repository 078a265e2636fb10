// A TCP connection by its addresses and ports, in the direction in which it was opened, before any address translation.
#pragma once

#include <compare>
#include <cstdint>

#include "base/ip.h"

namespace mailweir {

struct FlowTuple {
  IpAddress client, server;
  std::uint16_t client_port = 0, server_port = 0;
  friend auto operator<=>(const FlowTuple&, const FlowTuple&) = default;
};

}  // namespace mailweir
