// This machine as lint sees it (lint/live_facts.h).
#pragma once

#include "lint/live_facts.h"

namespace mailweir {

[[nodiscard]] rules::LiveFacts live_facts();

}  // namespace mailweir
