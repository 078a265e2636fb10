// `mailweir lint [FILE...]`: what is wrong with rules, how sure that is, and which change mends it.
#pragma once

#include <string>
#include <vector>

#include "cli/common.h"

namespace mailweir {

struct LintVerbOptions {
  // Files of one machine, iptables-save and ip6tables-save side by side; a file whose tables another one has already is
  // looked at by itself. None: the rules of this network namespace, and the machine around them.
  std::vector<std::string> files;
  std::vector<std::string> only, without;  // numbers or ids of checks
  bool all = false;                        // every finding, however often the same
  bool fix = false;                        // a diff of what was verified, instead of findings
  bool list = false;                       // the checks, as docs/lint.md
};

// 0: no error and no warning (with --fix: nothing left that has edits); 1: findings; else the error's.
int lint(const LintVerbOptions& options, const CommonOptions& common);

}  // namespace mailweir
