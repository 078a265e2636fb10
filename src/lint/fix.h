// Edits that were tried: of what lint proposes, those whose effect the simulator has seen.
//
// In:  a ruleset and the findings about it.   Out: the edits that may be made together, and what was not offered and
// why. A finding is mended when, with the edits made, its check no longer finds it, no check finds more than before,
// and a few hundred packets (ssh, DNS, mail, established traffic, and one for every rule) keep their fate, except those
// that the finding says it means to change. Limits: kPacketsMax packets; edits of one check are tried together, and
// singly up to kSinglesMax findings.
#pragma once

#include <string>
#include <vector>

#include "lint/lint.h"

namespace mailweir::rules {

struct Fixes {
  static constexpr std::size_t kPacketsMax = 1500, kSinglesMax = 24;

  std::vector<RuleEdit> edits;      // numbers count rules of the ruleset as it was
  std::vector<std::size_t> mended;  // of LintReport::findings
  struct Left {
    std::size_t finding = 0;
    std::string why;
  };
  std::vector<Left> left;        // had edits, but they could not be verified
  std::size_t packets_kept = 0;  // that were compared before and after
};

[[nodiscard]] Fixes verified_fixes(const Ruleset& ruleset, const LintReport& report, const LintOptions& options);

}  // namespace mailweir::rules
