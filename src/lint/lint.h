// Runs the checks and sorts what they found.
//
// In:  a ruleset, perhaps the texts it came from, perhaps the live machine.   Out: findings, worst first, then by
// place. Invariant: same ruleset and machine, same findings in the same order.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "lint/check.h"
#include "lint/finding.h"

namespace mailweir::rules {

struct LintOptions {
  std::vector<const Check*> only;  // empty: all
  std::vector<const Check*> without;
  const LiveFacts* machine = nullptr;
  std::span<const Diagnostic> remarks;   // of reading it: rules that were left out
  std::span<const std::string> sources;  // by Origin::file
};

struct LintReport {
  std::vector<Finding> findings;
  // What the limits left out.
  std::size_t findings_left_out = 0;  // LintSubject::kFindingsMax
  std::size_t rules_undecided = 0;    // DeadRules: neither proved dead nor seen alive
};

// REQUIRES: the ruleset (and what `options` points to) outlives the report: findings point into it.
[[nodiscard]] LintReport lint(const Ruleset& ruleset, const LintOptions& options = {});

}  // namespace mailweir::rules
