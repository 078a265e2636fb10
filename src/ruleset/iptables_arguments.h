// What the converters of matches share.
#pragma once

#include <fmt/format.h>

#include <string_view>

#include "base/escape.h"
#include "ruleset/iptables_rule.h"

namespace mailweir::rules {

// Calls `each` for the parts between commas; false as soon as it says so.
template <typename Each>
bool each_item(std::string_view list, Each each) {
  while (true) {
    const auto comma = list.find(',');
    if (!each(list.substr(0, comma))) return false;
    if (comma == std::string_view::npos) return true;
    list.remove_prefix(comma + 1);
  }
}

inline const Word& argument(const SpokenOption& option) { return option.arguments[0]; }

inline void bad_value(RuleDraft& draft, const SpokenOption& option, std::string_view wanted) {
  const Word& word = option.arguments.empty() ? option.word : argument(option);
  draft.error(word, "ruleset.bad-value", fmt::format("'{}' is not {}", escape(word.text, 60), wanted));
}

// Of limit, set, recent, hashlimit and connlimit; nothing: another module.
[[nodiscard]] std::optional<bool> convert_remembering_match(RuleDraft& draft, const SpokenModule& module);

}  // namespace mailweir::rules
