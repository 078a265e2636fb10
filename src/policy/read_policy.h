// mailweir.toml -> Policy, or everything that is wrong with it.
//
// In:  TOML 1.0 text, of one file or several: a key of a later file replaces that of an earlier one, groups add up.
// Out: the policy, and remarks with file, line, column (characters, from 1) and hint.
// Invariants
//   (1) All mistakes are found in one run, except past a syntax error: what follows it cannot be read.
//   (2) Nothing is accepted in silence: a key or answer this version does not carry out is an error.
//   (3) A policy is returned only when no remark is an error. Remarks come in the order of the text.
// Threads: any; nothing is shared.  Format: docs/man/mailweir.toml.5.scd.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/diagnostic.h"
#include "base/result.h"
#include "policy/policy.h"
#include "policy/policy_text.h"

namespace mailweir {

// The main file first. The names of the files are only shown in remarks.
[[nodiscard]] Result<Policy> parse_policy(const std::vector<PolicyText>& texts, Diagnostics& diagnostics);
[[nodiscard]] Result<Policy> parse_policy(std::string_view text, const std::string& file, Diagnostics& diagnostics);

// The policy file and, in the order of their names, the files conf.d/*.toml beside it: for parse_policy and for showing
// the line a remark is about.
[[nodiscard]] Result<std::vector<PolicyText>> read_policy_texts(const std::string& path);
[[nodiscard]] std::string_view text_of(const std::vector<PolicyText>& texts, const std::string& file);

// Both in one.
[[nodiscard]] Result<Policy> read_policy(const std::string& path, Diagnostics& diagnostics);

}  // namespace mailweir
