#include "simulate/choices.h"

#include <gtest/gtest.h>

#include <set>

namespace mailweir::rules {
namespace {

TEST(Choices, EveryCombinationIsVisitedOnce) {
  Choices choices;
  std::set<std::string> seen;
  do {
    std::string answers;
    for (const char* what : {"a", "b", "c"}) answers += choices.choose(what) ? '1' : '0';
    EXPECT_TRUE(seen.insert(answers).second) << answers;
  } while (choices.next_world());
  EXPECT_EQ(seen.size(), 8U);
  EXPECT_FALSE(choices.cut());
}

TEST(Choices, AQuestionThatOnlyOneWorldAsksIsNoneOfTheOther) {
  Choices choices;
  int worlds = 0;
  do {
    if (choices.choose("first")) (void)choices.choose("only then");
    ++worlds;
  } while (choices.next_world());
  EXPECT_EQ(worlds, 3);
}

TEST(Choices, NothingAskedIsOneWorld) {
  Choices choices;
  EXPECT_FALSE(choices.next_world());
}

TEST(Choices, TooManyWorldsAreCutAndSaidSo) {
  Choices choices;
  std::size_t worlds = 0;
  do {
    for (int i = 0; i != 20; ++i) (void)choices.choose("?");
    ++worlds;
  } while (choices.next_world());
  EXPECT_EQ(worlds, Choices::kWorldsMax);
  EXPECT_TRUE(choices.cut());
}

}  // namespace
}  // namespace mailweir::rules
