// The word somebody probably meant: for mistyped keys, verbs and options.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace mailweir {

// The candidate with the fewest insertions, deletions, replacements and swapped neighbours (Damerau 1964, optimal
// string alignment) from `word`; the first of several. None when the best differs in more than a third of the longer
// word: a guess so far off only confuses. Letter case and the difference between '-' and '_' count as nothing.
[[nodiscard]] std::optional<std::string_view> nearest(std::string_view word,
                                                      std::span<const std::string_view> candidates);

// "did you mean 'analyze'?", or empty.
[[nodiscard]] std::string nearest_hint(std::string_view word, std::span<const std::string_view> candidates);

}  // namespace mailweir
