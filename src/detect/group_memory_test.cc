#include "detect/group_memory.h"

#include <gtest/gtest.h>

#include <random>

#include "detect/wide_memory.h"

namespace mailweir {
namespace {

// Group `number` has bit `number`: no two share one.
GroupMark mark(unsigned number) { return {number | (number + 3) << 7}; }

TEST(GroupMemory, StaysSmallForFourGroupsAndTwoFailures) {
  GroupMemory memory;
  for (unsigned i = 0; i < 4; ++i) memory.contacted(mark(i));
  memory.failed(mark(0), 1);
  memory.failed(mark(1), 2);
  EXPECT_FALSE(memory.is_wide());
  memory.forget_failure(mark(0));
  memory.failed(mark(2), 3);
  EXPECT_FALSE(memory.is_wide()) << "a place was free again";
  memory.failed(mark(3), 4);
  EXPECT_TRUE(memory.is_wide());
  EXPECT_EQ(memory.failure(mark(1), 9).age, 7);
  EXPECT_EQ(memory.failure(mark(2), 9).age, 6);
  EXPECT_EQ(memory.failure(mark(3), 9).age, 5);
  EXPECT_EQ(memory.failure(mark(0), 9).retry, GroupMemory::Retry::None);
}

TEST(GroupMemory, CopiesAreTheirOwn) {
  GroupMemory memory;
  memory.contacted(mark(1));
  memory.widen();
  const GroupMemory copy = memory;
  memory.contacted(mark(2));
  EXPECT_TRUE(copy.knows(mark(1)));
  EXPECT_FALSE(copy.knows(mark(2)));
  GroupMemory moved = std::move(memory);
  EXPECT_TRUE(moved.knows(mark(2)));
  EXPECT_FALSE(memory.knows(mark(1))) << "what is left is empty";  // NOLINT(bugprone-use-after-move)
}

// Whatever happened before it was widened, a memory answers like one that was wide from the start.
class Widening : public ::testing::TestWithParam<unsigned> {};

TEST_P(Widening, LosesNothing) {
  std::mt19937 random(GetParam());
  GroupMemory small;
  GroupMemory wide;
  wide.widen();
  std::uint16_t clock = 0;
  for (int step = 0; step < 400; ++step) {
    const GroupMark group = mark(static_cast<unsigned>(random() % 6));
    clock = static_cast<std::uint16_t>(clock + random() % 50);
    const auto both = [&](auto&& what) {
      what(small);
      what(wide);
    };
    switch (random() % 8) {
      case 0:
      case 1:
        both([&](GroupMemory& memory) {
          const bool known = memory.knows(group);
          memory.contacted(group);
          if (!known) memory.await(group);
        });
        break;
      case 2:
        if (small.awaits(group)) {
          ASSERT_EQ(small.answered(group), wide.answered(group));
        }
        break;
      case 3:
        if (small.awaits(group)) both([&](GroupMemory& memory) { memory.failed(group, clock); });
        break;
      case 4:
        both([&](GroupMemory& memory) { memory.ended(group); });
        break;
      case 5:
        both([&](GroupMemory& memory) { memory.credit_retry(group); });
        break;
      case 6:
        both([&](GroupMemory& memory) { memory.forget_failure(group); });
        break;
      case 7:
        if (random() % 4 == 0)
          both([&, epochs = 1 + static_cast<std::uint32_t>(step % 3)](GroupMemory& memory) {
            memory.turn(epochs, clock, 2'000);
          });
        break;
    }
    for (unsigned i = 0; i < 6; ++i) {
      ASSERT_EQ(small.knows(mark(i)), wide.knows(mark(i))) << step;
      ASSERT_EQ(small.awaits(mark(i)), wide.awaits(mark(i))) << step;
      const auto a = small.failure(mark(i), clock);
      const auto b = wide.failure(mark(i), clock);
      ASSERT_EQ(a.retry, b.retry) << step;
      if (a.retry != GroupMemory::Retry::None) {
        ASSERT_EQ(a.age, b.age) << step;
      }
    }
    ASSERT_NEAR(small.estimate(), wide.estimate(), 1e-9);
  }
}

INSTANTIATE_TEST_SUITE_P(Seeds, Widening, ::testing::Range(1U, 101U));

}  // namespace
}  // namespace mailweir
