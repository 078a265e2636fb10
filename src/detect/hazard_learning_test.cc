#include "detect/hazard_learning.h"

#include <gtest/gtest.h>

#include <cmath>
#include <random>

namespace mailweir {
namespace {

const Time kStart = *parse_time("2026-11-22T08:00:00Z");

class HazardLearningTest : public ::testing::Test {
 protected:
  // A day of clients that go on with probability `hazard` from each group to the next.
  std::optional<HazardTable> day(unsigned clients, double hazard) {
    std::bernoulli_distribution goes_on(hazard);
    static_cast<void>(learning.learn(now));
    for (unsigned i = 0; i < clients; ++i) {
      unsigned groups = 0;
      while (groups < 20 && goes_on(random)) ++groups;
      learning.epoch_ended(groups, groups);
    }
    now += std::chrono::hours(25);
    return learning.learn(now);
  }
  // Nats of the tenth new network on port 25 and all before it.
  static double ten_networks(const HazardTable& table) {
    const HazardGains gains(table);
    double sum = 0;
    for (std::size_t i = 0; i < 10; ++i) sum += gains.of(MailRole::Transfer, i);
    return sum;
  }

  std::mt19937 random{20261122};
  HazardLearning learning;
  Time now = kStart;
};

TEST_F(HazardLearningTest, ShipsWithVersionNought) {
  EXPECT_EQ(learning.table().version, 0U);
  EXPECT_EQ(learning.table().transfer, numbers::kUserHazard25);
  EXPECT_FALSE(day(50, 0.9)) << "too few to learn from";
}

TEST_F(HazardLearningTest, LearnsWhatClientsDo) {
  const auto table = day(200'000, 0.33);
  ASSERT_TRUE(table);
  EXPECT_EQ(table->version, 1U);
  EXPECT_EQ(table->learned_at, now);
  EXPECT_NEAR(table->transfer[3], 0.33, 0.02);
  EXPECT_NEAR(table->submission[2], 0.33, 0.02);
  EXPECT_EQ(table->transfer[7], numbers::kUserHazard25[7]) << "too few came so far";
}

TEST_F(HazardLearningTest, KeepsTheLargestOfAWeek) {
  static_cast<void>(day(200'000, 0.4));
  for (int i = 0; i < 5; ++i) static_cast<void>(day(200'000, 0.3));
  EXPECT_NEAR(learning.table().transfer[3], 0.4, 0.02);
  for (int i = 0; i < 3; ++i) static_cast<void>(day(200'000, 0.3));
  EXPECT_NEAR(learning.table().transfer[3], 0.3, 0.02);
}

// Somebody who has all clients behave like bots for a week dulls the detector, but by so much and no more.
TEST_F(HazardLearningTest, PoisonReachesTheLeashAndNotFurther) {
  const double honest = ten_networks({});
  for (int i = 0; i < 10; ++i) static_cast<void>(day(20'000, 0.999));
  const HazardTable& table = learning.table();
  for (std::size_t i = 0; i < HazardTable::kTransfer; ++i) {
    EXPECT_LE(table.transfer[i], 2 * numbers::kUserHazard25[i] + 1e-9);
    EXPECT_LE(table.transfer[i], (1 + numbers::kUserHazard25[i]) / 2 + 1e-9);
  }
  EXPECT_NEAR(honest, 11.1, 0.1);
  EXPECT_NEAR(ten_networks(table), 6.1, 0.1);
  EXPECT_GT(HazardGains(table).of(MailRole::Transfer, 50), 0.25) << "each further network still counts";
}

TEST_F(HazardLearningTest, QuietClientsCannotMakeItHysterical) {
  for (int i = 0; i < 10; ++i) static_cast<void>(day(50'000, 0.01));
  const HazardTable& table = learning.table();
  for (std::size_t i = 0; i < HazardTable::kTransfer; ++i) {
    EXPECT_GE(table.transfer[i], numbers::kUserHazard25[i] / 2 - 1e-9);
  }
}

}  // namespace
}  // namespace mailweir
