// The answer of `mailweir explain` for people.
#pragma once

#include "cli/screen.h"
#include "explain/explain.h"

namespace mailweir {

// `everything`: every rule and every cause, however long or unlikely.
void print_explained_text(const rules::LinesExplained& answer, const rules::PastedText& lines, bool everything,
                          const Screen& screen);

// Carets below the words of an (escaped) line that decided: flags, window, what was blacked out. Both lines, cut around
// the words to at most `width` columns. Empty: none of the words is in it.
[[nodiscard]] std::string marked_line(const std::string& line, const std::vector<std::string>& words, int width);

}  // namespace mailweir
