// mailweir.toml -> Policy, or everything that is wrong with it.
//
// In:  TOML 1.0 text.   Out: the policy, and remarks with line, column (characters, from 1) and hint.
// Invariants
//   (1) All mistakes are found in one run, except past a syntax error: what follows it cannot be read.
//   (2) Nothing is accepted in silence: a key or answer this version does not carry out is an error.
//   (3) A policy is returned only when no remark is an error. Remarks come in the order of the text.
// Threads: any; nothing is shared.  Format: docs/man/mailweir.toml.5.scd.
#pragma once

#include <string>
#include <string_view>

#include "base/diagnostic.h"
#include "base/result.h"
#include "policy/policy.h"

namespace mailweir {

// `file` is only the name shown in remarks.
[[nodiscard]] Result<Policy> parse_policy(std::string_view text, const std::string& file, Diagnostics& diagnostics);

// The text of a policy file, for parse_policy and for showing the line a remark is about.
[[nodiscard]] Result<std::string> read_policy_text(const std::string& path);

// Both in one.
[[nodiscard]] Result<Policy> read_policy(const std::string& path, Diagnostics& diagnostics);

}  // namespace mailweir
