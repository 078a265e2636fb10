// A process of our own making that goes on by itself: own session, no terminal, no descriptor of ours, nobody's child.
// It outlives us however we end.
#pragma once

#include <functional>

#include "base/result.h"

namespace mailweir {

// Runs `prepare` and then `body` there. Answers once `prepare` has succeeded in the new process, or with its failure.
// REQUIRES: one thread.
[[nodiscard]] Result<void> start_detached(const std::function<Result<void>()>& prepare,
                                          const std::function<void()>& body);

}  // namespace mailweir
