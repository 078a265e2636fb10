// What must go on working whatever is changed: the connections people miss first.
//
// In:  a machine.   Out: short flows in groups ("ssh", "DNS", "mail", …), and what the rules do with each packet of
// them. A change keeps a group when every packet of it ends as before.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "explain/scene.h"

namespace mailweir::rules {

struct EverydayFlow {
  struct Step {
    SimulatedPacket packet;
    Entry entry = Entry::Receive;
  };
  std::string_view group;
  std::vector<Step> steps;
};

// Flows of one family to, from and (where it forwards) through the machine.
[[nodiscard]] std::vector<EverydayFlow> everyday_traffic(const LoggedPacket& line, const SimulatedMachine& machine);

// One word per packet, up to the first that is stopped: "delivered sent …". Equal answers are equal verdicts.
[[nodiscard]] std::string verdicts_of(const Scene& scene, const EverydayFlow& flow);

}  // namespace mailweir::rules
