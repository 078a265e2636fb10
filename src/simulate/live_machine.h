// This machine as the simulator needs it: its interfaces, routes, sockets and settings, as the kernel tells them now.
//
// Not known: routes of other tables than the main one, who listens on UDP.
#pragma once

#include "simulate/machine.h"

namespace mailweir::rules {

[[nodiscard]] SimulatedMachine live_machine();

}  // namespace mailweir::rules
