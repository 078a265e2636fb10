// A flood of forged sources, and the honest clients and bots who live through it: everything a gateway's daemon keeps
// of connections and clients, fed with first packets and state changes.
#pragma once

#include <cstdint>

namespace mailweir::world {

struct FloodResult {
  std::uint64_t sources = 0;      // forged ones
  std::uint64_t clients = 0;      // records at the end
  std::uint64_t turned_away = 0;  // first packets
  std::uint64_t given_up = 0;     // connections for want of room
  unsigned honest = 0, honest_blocked = 0, honest_forgotten = 0;
  unsigned bots = 0, bots_found = 0;
  double bytes_before = 0, bytes_after = 0;  // resident, from the first tenth of the flood to its end
};

// Each forged source sends one first packet to port 25; once in so many the 40 bots and 400 people go on.
[[nodiscard]] FloodResult flood(std::uint64_t sources);

}  // namespace mailweir::world
