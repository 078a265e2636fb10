// Which of the checks about dead rules a dead rule belongs to: exactly one, so that nobody is told twice.
#pragma once

#include <cstdint>

#include "lint/subject.h"

namespace mailweir::rules {

enum class Shadow : std::uint8_t {
  Duplicate,     // L01 says so
  SameVerdict,   // by one rule that does the same with it
  OtherVerdict,  // by one rule that does something else
  Several,       // by several
  AfterEnd,      // by one that takes every packet
  LogAfterDrop,  // a rule that only logs, behind one that drops
  Impossible,    // no packet matches it
};
[[nodiscard]] Shadow shadow_of(LintSubject& subject, const DeadRule& dead);

// Adds a finding for each dead rule of that kind: "no packet comes here: rule 3 takes them all".
void report_shadowed(LintSubject& subject, Shadow kind);

}  // namespace mailweir::rules
