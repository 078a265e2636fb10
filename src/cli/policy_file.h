// The policy file as verbs meet it: read, checked, and every remark shown with the line it is about.
#pragma once

#include <cstdio>
#include <string>

#include "base/diagnostic.h"
#include "base/result.h"
#include "policy/policy.h"

namespace mailweir {

// Writes all remarks on `remarks_to` (standard error, for verbs that need a policy to do something else). The error,
// when there is one, is a sentence to be shown after them.
[[nodiscard]] Result<Policy> load_policy(const std::string& path, std::FILE* remarks_to);

}  // namespace mailweir
