// Changes to a ruleset: what lint proposes, what explain tries, as values that can be applied, shown and undone.
//
// In:  a ruleset and edits whose numbers all count rules of that ruleset, before any of them.
// Out: another ruleset (apply_edits), or the user's own text with exactly those lines changed (edit_text).
// Invariant: edit_text answers only what reads back as the ruleset that apply_edits gives; else it says why not.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "ruleset/model.h"
#include "ruleset/read_ruleset.h"
#include "ruleset/rule_place.h"

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

// Of the rule at `place`; of a new one before it. REQUIRES: place.chain, place.number.
[[nodiscard]] RuleEdit removal(const RulePlace& place);
[[nodiscard]] RuleEdit insertion(const RulePlace& before, Rule rule);

// NotFound: a chain or number that is not there. BadInput: two edits want the same rule.
[[nodiscard]] Result<Ruleset> apply_edits(const Ruleset& ruleset, std::span<const RuleEdit> edits);

struct EditedText {
  std::string text;
  std::string diff;  // unified, three lines of context, both sides named `name`
};
// `source`: what `ruleset` was read from, by `options`. Unsupported: the edits cannot be said as whole lines of that
// text (a line that makes several rules, JSON, a notation that has no words for a part).
[[nodiscard]] Result<EditedText> edit_text(const Ruleset& ruleset, std::span<const RuleEdit> edits,
                                           std::string_view source, const ReadOptions& options);
// The same against the ruleset as it would be printed: for live rules, and where the own text cannot be changed.
[[nodiscard]] Result<EditedText> edit_printed(const Ruleset& ruleset, std::span<const RuleEdit> edits,
                                              std::string_view name);

}  // namespace mailweir::rules
