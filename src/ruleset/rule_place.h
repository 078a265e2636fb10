// Where a rule is, as a value; lives as long as its ruleset.
#pragma once

#include <cstdint>

#include "ruleset/model.h"

namespace mailweir::rules {

// Without a rule: the chain, mostly its policy. Without a chain: the table. Without a table: the whole.
struct RulePlace {
  const Table* table = nullptr;
  const Chain* chain = nullptr;
  const Rule* rule = nullptr;
  std::uint32_t number = 0;  // of the rule in its chain, from 1; 0 without one
  friend bool operator==(const RulePlace&, const RulePlace&) = default;
};

}  // namespace mailweir::rules
