// Tallies as the table that docs/detection.md, section 3.8, shows.
#pragma once

#include <string>

#include "tests/world/site.h"

namespace mailweir::world {

[[nodiscard]] std::string verdict_table(const std::vector<Tally>& tallies);
// Of honest clients: how often L got how far, beside the bound of section 3.4.
[[nodiscard]] std::string survival_table(const std::vector<Tally>& tallies);

}  // namespace mailweir::world
