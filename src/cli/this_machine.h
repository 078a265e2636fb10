// This machine as the simulator knows machines: its addresses, routes, open ports and settings, for the live rules.
#pragma once

#include "simulate/machine.h"

namespace mailweir {

[[nodiscard]] rules::SimulatedMachine this_machine();

}  // namespace mailweir
