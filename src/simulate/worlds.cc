#include "simulate/worlds.h"

namespace mailweir::rules {

Worlds explore(const Simulator& from, const SimulatedPacket& packet, Entry entry, Time now, bool trace) {
  Worlds all;
  Choices choices;
  do {
    Simulator simulator = from;
    World world;
    world.fates = entry == Entry::Receive ? simulator.receive(packet, now, choices, trace)
                                          : simulator.send(packet, now, choices, trace);
    world.assumptions = choices.made();
    all.worlds.push_back(std::move(world));
  } while (choices.next_world());
  all.cut = choices.cut();
  return all;
}

}  // namespace mailweir::rules
