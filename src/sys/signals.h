// Signals as something the event loop reads, instead of something that interrupts it.
#pragma once

#include <initializer_list>
#include <optional>

#include "base/result.h"
#include "sys/fd.h"

namespace mailweir {

// While it lives, the given signals are blocked for this thread and readable here. Threads made later inherit that.
class SignalFd {
 public:
  static Result<SignalFd> open(std::initializer_list<int> signals);
  [[nodiscard]] int fd() const { return fd_.get(); }
  // The next signal that came, or nothing.
  [[nodiscard]] std::optional<int> take();

 private:
  explicit SignalFd(Fd fd) : fd_(std::move(fd)) {}
  Fd fd_;
};

}  // namespace mailweir
