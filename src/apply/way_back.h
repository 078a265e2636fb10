// The way back: a process of its own that takes an unconfirmed change back at its deadline.
//
// It has its own session and no descriptor of the one that started it, so it outlives its maker's death, a closed
// terminal and a broken connection. It holds way-back.lock while it lives. SIGTERM makes it take the change back at
// once: better early than never. Ended with SIGKILL it can do nothing; then the next apply, confirm or rollback does,
// and status says so. A boot needs nobody: the boot copy is the confirmed one.
#pragma once

#include "apply/change.h"

namespace mailweir {

// Answers when the process stands and holds the lock. For `Changes::apply`.
[[nodiscard]] Result<void> arm_way_back(const GenerationStore& store, const Generation& generation);

// Makes it look whether it is still needed.
void wake_way_back(const GenerationStore& store);

}  // namespace mailweir
