#include "ingest/queue_threshold.h"

#include <gtest/gtest.h>

namespace mailweir {
namespace {

using std::chrono::microseconds;
using std::chrono::milliseconds;
using std::chrono::seconds;

const Time kStart{seconds(1'700'000'000)};

TEST(QueueThreshold, AQuietGatewayIsWokenForEveryPacket) {
  QueueThreshold threshold;
  for (int i = 0; i < 1000; ++i) EXPECT_FALSE(threshold.count(1, kStart + milliseconds(i)));
  EXPECT_FALSE(threshold.busy());
  EXPECT_FALSE(threshold.next_check());
}

TEST(QueueThreshold, AFloodIsGatheredBeforeItsWindowEnds) {
  QueueThreshold threshold;
  EXPECT_FALSE(threshold.count(1, kStart));
  const auto changed = threshold.count(1000, kStart + milliseconds(1));
  ASSERT_TRUE(changed);
  EXPECT_EQ(changed->packets, QueueThreshold::kBusy.packets);
  EXPECT_EQ(threshold.next_check(), kStart + milliseconds(1) + QueueThreshold::kWindow);
}

TEST(QueueThreshold, BetweenTheTwoRatesNothingChanges) {
  QueueThreshold threshold;
  EXPECT_TRUE(threshold.count(2000, kStart));
  for (int i = 1; i < 100; ++i) EXPECT_FALSE(threshold.count(100, kStart + i * milliseconds(10)));  // 10,000/s
  EXPECT_TRUE(threshold.busy());
}

TEST(QueueThreshold, TheEndOfAFloodIsNoticedWithoutAPacket) {
  QueueThreshold threshold;
  EXPECT_TRUE(threshold.count(2000, kStart));
  const auto changed = threshold.count(0, *threshold.next_check());
  ASSERT_TRUE(changed);
  EXPECT_EQ(changed->packets, 1U);
}

TEST(QueueThreshold, ASetClockDoesNotStickToBusy) {
  QueueThreshold threshold;
  EXPECT_TRUE(threshold.count(2000, kStart));
  EXPECT_FALSE(threshold.count(1, kStart - seconds(3600)));
  EXPECT_TRUE(threshold.count(0, kStart - seconds(3600) + milliseconds(60)));
  EXPECT_FALSE(threshold.busy());
}

}  // namespace
}  // namespace mailweir
