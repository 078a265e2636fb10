// What a flood of forged sources does to those who are really there; bench/flood asks the same with ten million.
#include "tests/world/flood.h"

#include <gtest/gtest.h>

#include "detect/settings.h"

namespace mailweir::world {
namespace {

TEST(Flood, ForgedSourcesCostNothingHarmNobodyAndHideNobody) {
  const FloodResult result = flood(300'000);
  EXPECT_EQ(result.honest_blocked, 0U);
  EXPECT_EQ(result.honest_forgotten, 0U);
  EXPECT_EQ(result.bots_found, result.bots);
  EXPECT_GE(result.turned_away, result.sources * 99 / 100);
  // Fewer than one stranger in a thousand looks like one that asked three times.
  EXPECT_LE(result.clients, result.honest + result.bots + result.sources / 1'000);
  EXPECT_GE(result.given_up, result.sources / 3) << "the table of connections is full, as it is in a flood";
}

}  // namespace
}  // namespace mailweir::world
