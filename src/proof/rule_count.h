// What the counters of our rules count, read from a listing of our table.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

namespace mailweir {

struct RuleCount {
  std::uint64_t rules = 0, packets = 0, bytes = 0;  // how many lines carry the rule out, and their counters together
};

// By the first word of their comments: "host.transfer", "host.transfer.log". Rules without a comment are not there.
using RuleCounts = std::map<std::string, RuleCount, std::less<>>;
[[nodiscard]] RuleCounts count_rules(std::string_view listing);
[[nodiscard]] RuleCount count_of(const RuleCounts& counts, std::string_view id);

// The first word of the comment of a line; empty: it has none.
[[nodiscard]] std::string_view id_of_line(std::string_view line);

}  // namespace mailweir
