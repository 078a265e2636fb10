// Findings as people and programs read them.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <span>
#include <string>

#include "cli/screen.h"
#include "lint/lint.h"

namespace mailweir {

// One question: rules that belong together, and what was found in them.
struct LintedRules {
  rules::Ruleset ruleset;
  std::vector<std::string> sources;  // by Origin::file; empty: live rules
  Diagnostics remarks;
  rules::LintReport report;
};

// With places, carets, packets and fixes; unless `all`, the third and later ones of a kind in one chain are counted
// only.
[[nodiscard]] std::string lint_text(const LintedRules& linted, bool all, const Screen& screen);
// "2 errors, 5 warnings, 1 remark"
[[nodiscard]] std::string lint_counts(std::span<const LintedRules* const> all);
[[nodiscard]] nlohmann::ordered_json lint_json(std::span<const LintedRules* const> all);

}  // namespace mailweir
