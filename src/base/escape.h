// Text from packets, logs, names and files of others, made safe to show.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace mailweir {

// Printable ASCII stays; a backslash is doubled; every other byte becomes \xNN. At most `bytes_max` bytes of input are
// shown, then "..." . The result holds no control character, no escape sequence and nothing outside ASCII.
[[nodiscard]] std::string escape(std::string_view untrusted, std::size_t bytes_max = 256);

// The same for HTML: escape(), then & < > " ' as entities.
[[nodiscard]] std::string escape_html(std::string_view untrusted, std::size_t bytes_max = 256);

}  // namespace mailweir
