// The words of the policy file: which sections, keys and answers there are. Used by read_policy.cc only.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/diagnostic.h"
#include "policy/policy.h"

namespace mailweir {

struct PolicyText {
  std::string file, text;
};

// Fills `policy` as far as the texts can be understood, the main file first; the remarks come in no particular order.
[[nodiscard]] std::vector<Diagnostic> interpret_policy(const std::vector<PolicyText>& texts, Policy& policy);

}  // namespace mailweir
