#include "report/words.h"

#include <gtest/gtest.h>

namespace mailweir {
namespace {

TEST(Words, CountsHaveACommaEveryThreeDigits) {
  EXPECT_EQ(count_text(0), "0");
  EXPECT_EQ(count_text(999), "999");
  EXPECT_EQ(count_text(1000), "1,000");
  EXPECT_EQ(count_text(1234567), "1,234,567");
  EXPECT_EQ(count_text(~0ULL), "18,446,744,073,709,551,615");
}

TEST(Words, OneIsSingular) {
  EXPECT_EQ(count_of(0, "client"), "0 clients");
  EXPECT_EQ(count_of(1, "client"), "1 client");
  EXPECT_EQ(count_of(2, "client"), "2 clients");
  EXPECT_EQ(count_of(2000, "address", "addresses"), "2,000 addresses");
}

TEST(Words, TimesAreUtcToTheSecond) {
  EXPECT_EQ(time_text(*parse_time("2026-11-22T20:43:00.999999+01:00")), "2026-11-22 19:43:00");
}

}  // namespace
}  // namespace mailweir
