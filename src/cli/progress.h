// A line on a terminal that tells how far a long job is; gone when the job is done.
//
// Invariant: nothing is written unless asked to, before the first second is over, or more often than ten times a
// second.
#pragma once

#include <cstdint>
#include <cstdio>
#include <functional>
#include <string>

#include "sys/clock.h"

namespace mailweir {

class ProgressLine {
 public:
  // `to`: null to stay silent.
  ProgressLine(std::FILE* to, const Clock& clock) : to_(to), clock_(clock), started_(clock.now()) {}
  ProgressLine(const ProgressLine&) = delete;
  ProgressLine& operator=(const ProgressLine&) = delete;
  ~ProgressLine() { clear(); }

  // `total` 0: unknown. `doing` says what is done and how much of it, in words; asked only when it will be shown.
  void show(std::uint64_t done, std::uint64_t total, const std::function<std::string()>& doing);
  void clear();

 private:
  std::FILE* to_;
  const Clock& clock_;
  Time started_;
  Time next_{};
  bool visible_ = false;
};

}  // namespace mailweir
