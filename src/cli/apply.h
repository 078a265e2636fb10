// `mailweir apply`, `confirm`, `rollback` and `history --changes`: changing the table, and taking it back.
#pragma once

#include <string>

#include "cli/common.h"

namespace mailweir {

struct ApplyOptions {
  bool yes = false;
  bool dry_run = false;
  bool force = false;
  std::string confirm_within;  // a duration; empty: final
  std::string answer_within;   // a duration; empty: kAskedFor
};
int apply(const ApplyOptions& options, const CommonOptions& common);

int confirm(const CommonOptions& common);

struct RollbackOptions {
  int generation = 0;  // 0: what waits, or else the confirmed one before
};
int rollback(const RollbackOptions& options, const CommonOptions& common);

// `mailweir history --changes`.
int history_of_table(const CommonOptions& common);

}  // namespace mailweir
