#include "sketch/distinct_list.h"

#include <array>

namespace mailweir {

// Byte by byte, the last first, keeping the order of equals each time: no comparison that the processor could guess
// wrong.
void sort_values(std::vector<std::uint32_t>& values) {
  constexpr std::size_t kFew = 64;  // for which counting bytes takes longer
  if (values.size() < kFew) return std::sort(values.begin(), values.end());
  constexpr std::size_t kBytes = sizeof(std::uint32_t);
  std::array<std::array<std::uint32_t, 256>, kBytes> places{};
  for (const std::uint32_t value : values) {
    for (std::size_t byte = 0; byte < kBytes; ++byte) ++places[byte][value >> 8 * byte & 255];
  }
  std::vector<std::uint32_t> sorted(values.size());
  for (std::size_t byte = 0; byte < kBytes; ++byte) {
    std::uint32_t place = 0;
    for (std::uint32_t& count : places[byte]) count = std::exchange(place, place + count);
    for (const std::uint32_t value : values) sorted[places[byte][value >> 8 * byte & 255]++] = value;
    values.swap(sorted);
  }
}

}  // namespace mailweir
