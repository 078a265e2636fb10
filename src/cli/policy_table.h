// The policy file as the table it asks for: what plan, apply, status and verify begin with.
#pragma once

#include <string>

#include "base/result.h"
#include "cli/common.h"
#include "policy/policy.h"
#include "record/compiled_table.h"

namespace mailweir {

struct PolicyTable {
  std::string text;  // of the policy file
  Policy policy;
  CompiledTable table;
};

// Remarks about the policy go to standard error.
[[nodiscard]] Result<PolicyTable> load_policy_table(const std::string& file);

// " (mailweir.toml:4)" of the rule a listed or written line of a chain carries out, found by the first word of its
// comment; empty when it has none.
[[nodiscard]] const RuleInfo* rule_of_line(const CompiledTable& table, std::string_view line);

}  // namespace mailweir
