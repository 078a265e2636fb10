#include "report/words.h"

#include <fmt/format.h>

namespace mailweir {

std::string count_text(std::uint64_t count) {
  std::string text = std::to_string(count);
  for (std::size_t at = text.size(); at > 3;) text.insert(at -= 3, 1, ',');
  return text;
}

std::string count_of(std::uint64_t count, std::string_view one, std::string_view many) {
  if (count == 1) return fmt::format("1 {}", one);
  return many.empty() ? fmt::format("{} {}s", count_text(count), one) : fmt::format("{} {}", count_text(count), many);
}

std::string time_text(Time time) {
  std::string text = format_time(time).substr(0, std::string_view("2026-11-22T19:43:00").size());
  text[text.find('T')] = ' ';
  return text;
}

}  // namespace mailweir
