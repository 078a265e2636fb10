// Random numbers of the made-up world: everything in it follows from a seed.
//
// SplitMix64 (Steele, Lea, Flood 2014, "Fast splittable pseudorandom number generators"): one word of state, so that
// each of millions of clients has a sequence of its own, whatever thread lives its day.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>

namespace mailweir::world {

class Random {
 public:
  explicit Random(std::uint64_t seed) : state_(seed) {}

  std::uint64_t next() {
    std::uint64_t z = (state_ += 0x9e3779b97f4a7c15ULL);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
    return z ^ (z >> 31);
  }

  [[nodiscard]] double share() { return static_cast<double>(next() >> 11) * 0x1p-53; }  // uniform in [0, 1)
  [[nodiscard]] bool chance(double probability) { return share() < probability; }
  [[nodiscard]] double exponential(double mean) { return -mean * std::log(1 - share()); }
  [[nodiscard]] unsigned between(unsigned first, unsigned last) {  // both included
    return first + static_cast<unsigned>(share() * (last - first + 1));
  }
  // Roughly normal, mean 0 and deviation 1, never past 3.5: the sum of four uniform numbers.
  [[nodiscard]] double normal() {
    const std::uint64_t bits = next();
    constexpr std::uint64_t k16 = 0xffff;
    const auto sum = static_cast<double>((bits & k16) + (bits >> 16 & k16) + (bits >> 32 & k16) + (bits >> 48));
    return (sum / 65'536 - 2) * 1.7320508;
  }

 private:
  std::uint64_t state_;
};

}  // namespace mailweir::world
