// JSON as mailweir prints it (docs/json.md): members in the order they were added, "schema" first.
#pragma once

#include <cstddef>
#include <functional>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <string_view>

#include "base/time.h"

namespace mailweir {

// {"schema": "mailweir.<verb>/1"}, to be filled by the caller.
[[nodiscard]] nlohmann::ordered_json json_answer(std::string_view verb);
// RFC 3339 with microseconds and offset; null when there is none.
[[nodiscard]] nlohmann::ordered_json json_time(const std::optional<Time>& time);
// Indented, with a line end, in ASCII: nothing in it can move a terminal. Bytes that are no UTF-8 (a file name can hold
// them) become U+FFFD.
[[nodiscard]] std::string print_json(const nlohmann::ordered_json& json);

// What print_json() would give if the member `list` of the object `json` were the array of element(0) to
// element(count - 1); one of them is in memory at a time. `print` gets the text in pieces.
void print_json_with_list(const nlohmann::ordered_json& json, std::string_view list, std::size_t count,
                          const std::function<nlohmann::ordered_json(std::size_t)>& element,
                          const std::function<void(std::string_view)>& print);

}  // namespace mailweir
