#include <algorithm>

#include "lint/check.h"

namespace mailweir::rules {

namespace {
constexpr const Check* kChecks[] = {
#define LINT_CHECK(number) &number,
#include "check_list.inc"
#undef LINT_CHECK
};
}  // namespace

std::span<const Check* const> all_checks() { return kChecks; }

const Check* find_check(std::string_view name) {
  const auto found =
      std::ranges::find_if(kChecks, [name](const Check* check) { return check->number == name || check->id == name; });
  return found == std::end(kChecks) ? nullptr : *found;
}

}  // namespace mailweir::rules
