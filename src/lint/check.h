// What a check is. One file per check, checks/lNN_what_it_finds.cc, which defines `const Check lNN`; the build makes
// the list of them from the file names, so that adding one is adding a file.
//
// A check is a description and a function. It gets a LintSubject (ruleset, proofs, a stage for packets, the live
// machine if there is one) and adds findings. It claims only what it has proved or replayed, or says Heuristic; a match
// that nobody understands is never the basis of a claim. The example stands in docs/lint.md and is run by a test:
// `wrong` must bring about exactly this check and no other, `right` must not bring it about.
#pragma once

#include <span>
#include <string_view>

#include "base/diagnostic.h"
#include "lint/finding.h"
#include "lint/live_facts.h"

namespace mailweir::rules {

class LintSubject;

struct LintExample {
  std::string_view rules;            // any notation but .nft files (JSON of nft is read without nft)
  std::string_view rules_v6 = {};    // of ip6tables beside it
  LiveFacts (*machine)() = nullptr;  // of checks that need one
};

struct Check {
  std::string_view number;   // "L07"
  std::string_view id;       // words, stable: "log-without-limit"
  Severity severity;         // the worst it says
  Confidence confidence;     // the least it says
  std::string_view meaning;  // one line: "a LOG rule without a limit fills the disk"
  std::string_view why;      // a paragraph for the documentation: what happens, and why it matters
  LintExample wrong, right;
  void (*run)(LintSubject& subject);
};

// The list that the build makes of the file names.
#define LINT_CHECK(number) extern const Check number;
#include "check_list.inc"
#undef LINT_CHECK

// All of them, by number.
[[nodiscard]] std::span<const Check* const> all_checks();
// Null: there is none of that number or id.
[[nodiscard]] const Check* find_check(std::string_view name);

}  // namespace mailweir::rules
