// A room without doors: runs a function as the first process of a world of its own (users, mounts, network, processes,
// shared memory), from which nothing reaches the host and nothing survives.
//
// Invariants
//   (1) When this process ends, by whatever cause, SIGKILL included, every process inside ends too, and with them their
//       network namespaces; the kernel sees to it (PR_SET_PDEATHSIG, and the end of the first process of a pid
//       namespace).
//   (2) Inside, /run is an empty file system in memory that goes with the last process: the place for files.
//   (3) Ordinary users and root take the same path; where user namespaces are forbidden, root goes without one.
#pragma once

#include <functional>

#include "base/result.h"

namespace mailweir::lab {

// Waits for `body` and returns its exit status. SIGINT, SIGTERM and SIGHUP end what is inside at once; the status is
// then 128 + n. Unsupported, with the setting to change, when the system forbids it. REQUIRES: one thread.
[[nodiscard]] Result<int> run_enclosed(const std::function<int()>& body);

}  // namespace mailweir::lab
