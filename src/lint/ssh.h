// What rules say about ssh, for the checks that care whether the operator gets in.
#pragma once

#include <cstdint>

#include "lint/subject.h"

namespace mailweir::rules {

inline constexpr std::uint16_t kSshPort = 22;

// The first rule on the way in that accepts port 22 and was written for it (it names few ports). Null: there is none.
[[nodiscard]] const RulePlace* accepts_ssh(LintSubject& subject, bool v4);

}  // namespace mailweir::rules
