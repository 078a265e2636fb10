// A rule by its place in a ruleset. The pointers live as long as the ruleset stands where it does.
#pragma once

#include <cstdint>
#include <string>

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

[[nodiscard]] std::string name_of(const RulePlace& place);  // "INPUT 4", "the policy of INPUT"
// REQUIRES: place.chain. As somebody would type or read it: "-A INPUT -p tcp … -j REJECT"; of nft the rule's words.
[[nodiscard]] std::string text_of(const RulePlace& place);

}  // namespace mailweir::rules
