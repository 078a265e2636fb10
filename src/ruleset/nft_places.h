// Where nft's rules stand: JSON does not say, so the rules of each chain are counted in texts.
//
// Invariant: a place is given only where the count of a chain's rules is the same in both, else none.
#pragma once

#include <string>
#include <string_view>

#include "ruleset/model.h"

namespace mailweir::rules {

// Origin::text of rules from `nft -a list ruleset` by their handles.
void add_listed_text(Ruleset& ruleset, std::string_view listing);
// Origin::line and column from the file that nft loaded.
void add_places(Ruleset& ruleset, std::string_view file);

// Two texts and a rest in one, between our own processes.
[[nodiscard]] std::string encode_outcome(std::string_view json, std::string_view text);
[[nodiscard]] bool decode_outcome(std::string_view all, std::string& json, std::string& text, std::string& rest);

}  // namespace mailweir::rules
