#include <gtest/gtest.h>

#include <random>
#include <set>
#include <vector>

#include "sketch/bitmap128.h"
#include "sketch/count_min.h"
#include "sketch/distinct_list.h"
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

TEST(DistinctList, HoldsEachValueOnce) {
  for (const std::uint32_t values : {1U, 60U, 9'000U}) {
    std::mt19937 random(20261122);
    DistinctList<std::uint32_t> list;
    std::set<std::uint32_t> model;
    EXPECT_TRUE(list.distinct().empty());
    for (int i = 0; i < 20'000; ++i) {
      const auto value = static_cast<std::uint32_t>(random() % values * 0x9e37'79b9U);
      list.add(value);
      model.insert(value);
      ASSERT_LE(list.known(), model.size());
      if (i % 1'000 == 0) {
        ASSERT_EQ(list.distinct(), std::vector(model.begin(), model.end()));
      }
    }
    EXPECT_EQ(list.distinct(), std::vector(model.begin(), model.end()));
    EXPECT_GE(list.known(), model.size() / 2);
  }
}

TEST(DistinctList, SortsWhateverTheLengthAndTheValues) {
  std::mt19937 random(20261122);
  for (std::size_t length = 0; length < 300; ++length) {
    std::vector<std::uint32_t> values(length);
    for (std::uint32_t& value : values) value = static_cast<std::uint32_t>(random() >> random() % 32);
    std::vector<std::uint32_t> expected = values;
    std::sort(expected.begin(), expected.end());
    sort_values(values);
    ASSERT_EQ(values, expected);
  }
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
