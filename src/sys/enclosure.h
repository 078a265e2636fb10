// A room without doors: runs a function in a laboratory from which nothing reaches the host and nothing survives.
//
// Invariants
//   (1) When this process ends, by whatever cause, SIGKILL included, `body` ends too; behind all walls every process
//       inside ends with it, and with them their network namespaces. The kernel sees to it (PR_SET_PDEATHSIG, and the
//       end of the first process of a pid namespace).
//   (2) Inside, the loopback interface is up, and we are root of a user namespace of our own. Two exceptions: with
//       Walls::Network root stays the host's root, which may grow buffers and change users; with Walls::All it does
//       where user namespaces are forbidden.
#pragma once

#include <functional>

#include "base/result.h"

namespace mailweir {

enum class Walls : std::uint8_t {
  Network,  // a network of its own; files and processes are the host's
  All,      // also mounts, processes and shared memory; /run is an empty file system in memory, which goes with the
            // last process: the place for files. `body` is the first process there
};

// Waits for `body` and returns its exit status; 128 + n: it died of signal n. SIGINT, SIGTERM and SIGHUP end what is
// inside at once; the status is then 128 + n. Unsupported, with the setting to change, when the system forbids it.
// REQUIRES: one thread.
[[nodiscard]] Result<int> run_enclosed(Walls walls, const std::function<int()>& body);

}  // namespace mailweir
