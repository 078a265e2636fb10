#include "sketch/hyperloglog.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>
#include <numbers>

namespace mailweir {
namespace {

// The two series of Ertl 2017, section 2.3 (equations 20 and 21).
double sigma(double x) {
  if (x == 1.0) return std::numeric_limits<double>::infinity();
  double y = 1.0;
  double z = x;
  for (double before = -1.0; z != before; y += y) {
    x *= x;
    before = z;
    z += x * y;
  }
  return z;
}

double tau(double x) {
  if (x == 0.0 || x == 1.0) return 0.0;
  double y = 1.0;
  double z = 1.0 - x;
  for (double before = -1.0; z != before;) {
    x = std::sqrt(x);
    before = z;
    y *= 0.5;
    z -= (1.0 - x) * (1.0 - x) * y;
  }
  return z / 3.0;
}

}  // namespace

void HyperLogLog::add(std::uint64_t hash) {
  const auto index = static_cast<std::size_t>(hash >> (64 - kIndexBits));
  const auto rank =
      static_cast<std::uint8_t>(std::min(std::countl_zero(hash << kIndexBits), static_cast<int>(64 - kIndexBits)) + 1);
  rank_[index] = std::max(rank_[index], rank);
}

double HyperLogLog::estimate() const {
  constexpr unsigned kRanks = 64 - kIndexBits;
  std::array<double, kRanks + 2> registers_of_rank{};
  for (const std::uint8_t rank : rank_) registers_of_rank[rank] += 1;
  const auto m = static_cast<double>(rank_.size());
  double z = m * tau(1.0 - registers_of_rank[kRanks + 1] / m);
  for (unsigned rank = kRanks; rank >= 1; --rank) z = 0.5 * (z + registers_of_rank[rank]);
  z += m * sigma(registers_of_rank[0] / m);
  return m * m / (2.0 * std::numbers::ln2 * z);
}

}  // namespace mailweir
