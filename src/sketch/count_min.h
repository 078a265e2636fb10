// How often was each of very many things seen lately? Never too few, sometimes too many (count-min with conservative
// update: Cormode, Muthukrishnan 2005; Estan, Varghese 2002). Counters halve when about half as many things came as a
// row has counters, so a flood of new things raises nobody's count by more than chance: of things seen once, fewer than
// 1 in 10,000 look as if seen three times (sketch_test).
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <vector>

namespace mailweir {

class CountMin {
 public:
  // One more of the thing with this hash; answers how many that makes.
  unsigned add(std::uint64_t hash) {
    if (counts_.empty()) counts_.resize(kRows * kColumns);
    if (++added_ > kColumns / 2) halve();
    std::array<std::uint8_t*, kRows> places;
    std::uint8_t least = UINT8_MAX;
    for (std::size_t row = 0; row < kRows; ++row) {
      places[row] = &counts_[row * kColumns + (hash >> (16 * row)) % kColumns];
      least = std::min(least, *places[row]);
    }
    if (least == UINT8_MAX) return least;
    for (std::uint8_t* place : places) *place = std::max<std::uint8_t>(*place, static_cast<std::uint8_t>(least + 1));
    return least + 1U;
  }

 private:
  static constexpr std::size_t kRows = 4, kColumns = 65'536;  // 256 KiB, from the first thing on

  void halve() {
    for (std::uint8_t& count : counts_) count /= 2;
    added_ /= 2;
  }

  std::vector<std::uint8_t> counts_;
  std::size_t added_ = 0;
};

}  // namespace mailweir
