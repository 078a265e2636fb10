// What the last DNS check found about the policy's `public`, as a remark. Asks nobody.
#pragma once

#include <string>

#include "base/diagnostic.h"
#include "policy/policy.h"

namespace mailweir {

// Adds a warning when addresses in `public` were not fit; nothing when no check is known, or its file cannot be read.
void remark_on_pool(const Policy& policy, const std::string& state_dir, Diagnostics& diagnostics);

}  // namespace mailweir
