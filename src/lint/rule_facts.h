// Short questions about one rule, which many checks ask.
#pragma once

#include <optional>
#include <string>

#include "ruleset/model.h"

namespace mailweir::rules {

enum class Effect : std::uint8_t { GoesOn, Accept, Drop, Reject, Translate, Return, Jump, Other };
[[nodiscard]] Effect effect_of(const Rule& rule);
[[nodiscard]] std::string_view name_of(Effect effect);  // "accepts", "drops", …
[[nodiscard]] inline bool stops(Effect effect) { return effect == Effect::Drop || effect == Effect::Reject; }

// Null where there is none.
[[nodiscard]] const Log* log_of(const Rule& rule);
[[nodiscard]] const Reject* reject_of(const Rule& rule);
[[nodiscard]] const Nat* nat_of(const Rule& rule);
[[nodiscard]] const Verdict* verdict_of(const Rule& rule);
[[nodiscard]] const Match* match_of(const Rule& rule, Field field);  // the first written for that field
// Anything that lets only some of equal packets through: limit, hashlimit, recent, connlimit, random, a set with
// limits.
[[nodiscard]] bool is_limited(const Rule& rule);
// Matches everything: nothing asks anything.
[[nodiscard]] bool is_unconditional(const Rule& rule);
[[nodiscard]] bool asks_for(const Rule& rule, Field field);
// The packets its first counter has counted; nothing: the source does not say.
[[nodiscard]] std::optional<std::uint64_t> hits_of(const Rule& rule);
[[nodiscard]] bool sees(const Table& table, bool v4);  // packets of that family come through it
// Equal but for counters, comments and where it stands.
[[nodiscard]] bool same_rule(const Rule& a, const Rule& b);

}  // namespace mailweir::rules
