// Numbers and times in sentences.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/time.h"

namespace mailweir {

[[nodiscard]] std::string count_text(std::uint64_t count);  // "1,234,567"
// "1 client", "312 clients"; `many` when the plural is not just an s.
[[nodiscard]] std::string count_of(std::uint64_t count, std::string_view one, std::string_view many = {});
[[nodiscard]] std::string time_text(Time time);  // "2026-11-22 19:43:00", in UTC

}  // namespace mailweir
