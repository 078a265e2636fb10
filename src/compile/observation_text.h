// An observation as statements for nft.
#pragma once

#include <string>

#include "compile/compile.h"
#include "record/observation.h"

namespace mailweir {

// Makes the table of the observation; fails, all of it, when one of that number is there. Its rules match while the
// set `while` holds the packet's family, which the kernel ends at its time: from then on nothing is logged, whoever is
// alive. Every attempt is counted (`seen`); the limit of the log stands behind that, and `logged` counts what it let
// through. What a person asked for stands in the comments of the chain `about`.
[[nodiscard]] std::string observation_text(const Observation& observation, const CompileSettings& settings = {});

}  // namespace mailweir
