#include <gtest/gtest.h>

#include <random>
#include <set>

#include "sketch/bitmap128.h"
#include "sketch/count_min.h"
#include "sketch/flat_set.h"
#include "sketch/hyperloglog.h"

namespace mailweir {
namespace {

TEST(Bitmap128, HoldsEachBitByItself) {
  for (unsigned bit = 0; bit < Bitmap128::kBits; ++bit) {
    Bitmap128 bitmap;
    bitmap.set(bit);
    EXPECT_EQ(bitmap.count(), 1U);
    EXPECT_TRUE(bitmap.test(bit));
    EXPECT_FALSE(bitmap.test((bit + 64) % Bitmap128::kBits));
    bitmap.clear(bit);
    EXPECT_EQ(bitmap.count(), 0U);
  }
}

// docs/detection.md: relative deviation 6.7 % at 50; five of them.
TEST(Bitmap128, EstimatesHowManyWereSet) {
  std::mt19937 random(20261122);
  for (const unsigned things : {10U, 50U, 128U}) {
    double sum = 0;
    for (int run = 0; run < 200; ++run) {
      Bitmap128 bitmap;
      for (unsigned i = 0; i < things; ++i) bitmap.set(random() % Bitmap128::kBits);
      sum += bitmap.estimate();
    }
    EXPECT_NEAR(sum / 200 / things, 1, 5 * 0.07 / 14) << things;
  }
  EXPECT_EQ(Bitmap128{}.estimate(), 0);
  EXPECT_NEAR((Bitmap128{{~0ULL, ~0ULL}}).estimate(), 621, 1);
}

TEST(FlatSet, IsASet) {
  std::mt19937 random(20261122);
  FlatSet<std::uint32_t> set;
  std::set<std::uint32_t> model;
  EXPECT_EQ(set.bytes(), 0U);
  for (int i = 0; i < 20'000; ++i) {
    const auto value = 1 + static_cast<std::uint32_t>(random() % 9'000);
    ASSERT_EQ(set.contains(value, 7), model.contains(value));
    ASSERT_EQ(set.insert(value, 7), model.insert(value).second);
  }
  ASSERT_EQ(set.size(), model.size());
  std::set<std::uint32_t> visited;
  set.for_each([&](std::uint32_t value) { visited.insert(value); });
  EXPECT_EQ(visited, model);
}

TEST(FlatSet, IsSevenEighthsFullAtMost) {
  FlatSet<std::uint32_t> set;
  for (std::uint32_t value = 1; value <= 7'168; ++value) set.insert(value, 7);
  EXPECT_EQ(set.bytes(), 8'192 * sizeof(std::uint32_t));
  set.insert(8'000, 7);
  EXPECT_EQ(set.bytes(), 16'384 * sizeof(std::uint32_t));
}

// Five deviations of 1.6 %.
TEST(HyperLogLog, EstimatesAtEverySize) {
  std::mt19937_64 random(20261122);
  HyperLogLog counter;
  EXPECT_EQ(counter.estimate(), 0);
  std::uint64_t things = 0;
  for (const std::uint64_t goal : {1ULL, 100ULL, 10'000ULL, 100'000ULL, 1'000'000ULL}) {
    for (; things < goal; ++things) {
      const std::uint64_t hash = random();
      counter.add(hash);
      if (things % 3 == 0) counter.add(hash);
    }
    EXPECT_NEAR(counter.estimate() / static_cast<double>(things), 1, 0.08) << things;
  }
}

TEST(CountMin, NeverCountsTooFew) {
  CountMin counts;
  for (unsigned i = 1; i <= 200; ++i) EXPECT_GE(counts.add(0x1234'5678'9abc'def0), i);
}

TEST(CountMin, AFloodOfStrangersRaisesNobodysCount) {
  std::mt19937_64 random(20261122);
  CountMin counts;
  unsigned taken_for_three = 0;
  for (unsigned i = 0; i < 1'000'000; ++i) taken_for_three += counts.add(random()) >= 3 ? 1 : 0;
  EXPECT_LT(taken_for_three, 100U);
}

}  // namespace
}  // namespace mailweir
