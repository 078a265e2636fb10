// Facts about the terminal behind a stream.
#pragma once

#include <cstdio>
#include <optional>

namespace mailweir {

[[nodiscard]] bool is_terminal(std::FILE* stream);
// Columns of the terminal; none when it is no terminal or does not say.
[[nodiscard]] std::optional<int> terminal_columns(std::FILE* stream);

}  // namespace mailweir
