// A packet whose fate hangs on something unknown: every way it can go, and what each takes to be so.
#pragma once

#include <vector>

#include "simulate/simulator.h"

namespace mailweir::rules {

enum class Entry : std::uint8_t { Receive, Send };  // arrives, or a program here sends it

struct World {
  std::vector<Assumption> assumptions;  // in the order in which they were asked
  std::vector<PacketFate> fates;
};

struct Worlds {
  std::vector<World> worlds;  // at least one
  // Choices' limits left some out.
  bool cut = false;
};

// Each world begins from a copy of `from`.
[[nodiscard]] Worlds explore(const Simulator& from, const SimulatedPacket& packet, Entry entry, Time now,
                             bool trace = false);

}  // namespace mailweir::rules
