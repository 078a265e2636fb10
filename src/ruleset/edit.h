// Changes to a ruleset: what lint proposes, what explain tries, as values that can be applied, shown and undone.
//
// In:  a ruleset and edits whose numbers all count rules of that ruleset, before any of them.
// Out: another ruleset. The one that is edited stays as it is, on failure too.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "ruleset/model.h"

namespace mailweir::rules {

struct RuleEdit {
  enum class Kind : std::uint8_t {
    Insert,   // `rule` before rule `number`; number one past the end: at the end
    Remove,   // rule `number`
    Replace,  // rule `number` by `rule`
    Move,     // rule `number` to before rule `before`
    Policy,   // of the base chain
  };
  Kind kind = Kind::Remove;
  RuleFamily family = RuleFamily::Ip4;
  std::string table, chain;
  std::size_t number = 0, before = 0;  // from 1
  Rule rule;
  Verdict::Kind policy = Verdict::Kind::Drop;
  friend bool operator==(const RuleEdit&, const RuleEdit&) = default;
};

// NotFound: a chain or number that is not there. BadInput: two edits want the same rule.
[[nodiscard]] Result<Ruleset> apply_edits(const Ruleset& ruleset, std::span<const RuleEdit> edits);

}  // namespace mailweir::rules
