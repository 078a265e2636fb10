#include "ruleset/interval_set.h"

#include <gtest/gtest.h>

#include <bitset>
#include <random>

namespace mailweir::rules {
namespace {

TEST(IntervalSet, NeighboursMelt) {
  const auto set = IntervalSet::of({{5, 6}, {1, 2}, {3, 4}});
  EXPECT_EQ(set, IntervalSet::range(1, 6));
  EXPECT_EQ(IntervalSet::of({{1, 2}, {4, 5}}).intervals().size(), 2U);
}

TEST(IntervalSet, TheWholeWidthHasNoComplement) {
  EXPECT_TRUE(IntervalSet::all(128).complement(128).empty());
  EXPECT_EQ(IntervalSet{}.complement(128), IntervalSet::all(128));
  const auto top = IntervalSet::single(largest_value(128));
  EXPECT_EQ(top.complement(128), IntervalSet::range(0, largest_value(128) - 1));
  EXPECT_EQ(top.united(IntervalSet::range(0, largest_value(128) - 1)), IntervalSet::all(128));
}

// Every operation against the same one on bits, over all of a small world.
TEST(IntervalSet, AgreesWithBits) {
  constexpr int kWidth = 6;
  using Bits = std::bitset<1 << kWidth>;
  const unsigned seed = 20250301;
  SCOPED_TRACE(seed);
  std::mt19937 random(seed);
  const auto bits_of = [](const IntervalSet& set) {
    Bits bits;
    for (unsigned i = 0; i < bits.size(); ++i) bits[i] = set.contains(i);
    return bits;
  };
  const auto any = [&random] {
    std::vector<Interval> list;
    for (auto n = random() % 6; n > 0; --n) {
      const unsigned first = random() % 64;
      list.push_back({first, first + random() % (64 - first)});
      if (random() % 2 == 0) list.back().last = first;
    }
    return IntervalSet::of(list);
  };
  for (int round = 0; round < 5000; ++round) {
    const IntervalSet a = any();
    const IntervalSet b = any();
    const Bits x = bits_of(a);
    const Bits y = bits_of(b);
    ASSERT_EQ(bits_of(a.united(b)), x | y);
    ASSERT_EQ(bits_of(a.intersected(b)), x & y);
    ASSERT_EQ(bits_of(a.without(b)), x & ~y);
    ASSERT_EQ(bits_of(a.complement(kWidth)), ~x);
    ASSERT_EQ(a.covers(b), (y & ~x).none());
    ASSERT_EQ(a.meets(b), (x & y).any());
    ASSERT_EQ(a.united(b).without(b).united(a.intersected(b)), a);  // one form for one set
  }
}

}  // namespace
}  // namespace mailweir::rules
