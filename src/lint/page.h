// docs/lint.md: every check with its example, made from the checks themselves.
#pragma once

#include <string>

namespace mailweir::rules {

[[nodiscard]] std::string lint_page();

}  // namespace mailweir::rules
