// What a process that stands watch waits with (sys/detached.h): until a time, until it is woken, or until it is told to
// end.
//
// SIGUSR1 wakes it, SIGTERM and SIGINT tell it to end; all three are blocked for the rest of the process's life.
// Threads: one at a time.
#pragma once

#include <utility>

#include "base/result.h"
#include "base/time.h"
#include "sys/poller.h"
#include "sys/signals.h"

namespace mailweir {

class Vigil {
 public:
  [[nodiscard]] static Result<Vigil> begin();
  // True: the time is over, or it was woken. False: it is told to end, or cannot wait any more.
  [[nodiscard]] bool wait(Duration patience);

 private:
  Vigil(SignalFd signals, Poller poller) : signals_(std::move(signals)), poller_(std::move(poller)) {}
  SignalFd signals_;
  Poller poller_;
};

}  // namespace mailweir
