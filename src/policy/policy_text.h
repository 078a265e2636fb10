// The words of the policy file: which sections, keys and answers there are. Used by read_policy.cc only.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/diagnostic.h"
#include "policy/policy.h"

namespace mailweir {

// Fills `policy` as far as the text can be understood; the remarks come in no particular order.
[[nodiscard]] std::vector<Diagnostic> interpret_policy(std::string_view text, const std::string& file, Policy& policy);

}  // namespace mailweir
