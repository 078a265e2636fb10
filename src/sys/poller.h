// Waits until one of some descriptors can be read.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "sys/fd.h"

namespace mailweir {

class Poller {
 public:
  static Result<Poller> open();
  // `tag` is what wait() answers for it.
  Result<void> watch(int fd, std::uint32_t tag);
  // The tags that are readable; empty after `longest` (rounded up to a millisecond; nothing: no end) or a signal.
  [[nodiscard]] Result<std::vector<std::uint32_t>> wait(std::optional<Duration> longest);

 private:
  explicit Poller(Fd fd) : fd_(std::move(fd)) {}
  Fd fd_;
};

}  // namespace mailweir
