#include "detect/outage_guard.h"

#include <gtest/gtest.h>

namespace mailweir {
namespace {

using std::chrono::minutes;

const Time kStart = *parse_time("2026-11-22T08:00:00Z");

class OutageGuardTest : public ::testing::Test {
 protected:
  bool fails(unsigned client, std::uint64_t group = 7) { return tell(client, group, true); }
  bool succeeds(unsigned client, std::uint64_t group = 7) { return tell(client, group, false); }
  bool tell(unsigned client, std::uint64_t group, bool failed) {
    return guard.counts({.time = now,
                         .client = std::uint64_t{client} << 32,
                         .group = group,
                         .transfer = transfer,
                         .failed = failed,
                         .suspect = suspects});
  }

  OutageGuard guard;
  Time now = kStart;
  bool transfer = false, suspects = false;
};

TEST_F(OutageGuardTest, ADestinationThatFailsThreeOthersIsDown) {
  EXPECT_TRUE(fails(1));
  EXPECT_TRUE(fails(2));
  EXPECT_TRUE(fails(3));
  EXPECT_FALSE(fails(4));
  EXPECT_TRUE(fails(4, 8)) << "another destination";
  EXPECT_EQ(guard.silenced(), 1U);
}

TEST_F(OutageGuardTest, OnesOwnFailuresExcuseNobody) {
  for (int i = 0; i < 100; ++i) EXPECT_TRUE(fails(1));
  EXPECT_TRUE(fails(2));
  EXPECT_TRUE(fails(1)) << "two clients, however often they fail";
}

TEST_F(OutageGuardTest, ADestinationThatServesHalfOfThemIsNotDown) {
  fails(1);
  succeeds(2);
  fails(3);
  succeeds(4);
  EXPECT_TRUE(fails(5));
}

TEST_F(OutageGuardTest, AnOutageIsOverTenMinutesAfterTheLastFailure) {
  for (unsigned client = 1; client <= 4; ++client) fails(client);
  now += minutes(11);
  EXPECT_TRUE(fails(5));
}

TEST_F(OutageGuardTest, SuspectsHaveNoSay) {
  suspects = true;
  for (unsigned client = 1; client <= 6; ++client) fails(client);
  suspects = false;
  EXPECT_TRUE(fails(7));
}

TEST_F(OutageGuardTest, APort25ThatFailsForEverybodyIsClosedFurtherUp) {
  transfer = true;
  for (unsigned client = 1; client <= 5; ++client) EXPECT_TRUE(fails(client, client)) << "each another destination";
  EXPECT_TRUE(guard.uplink(now).closed());
  EXPECT_FALSE(fails(6, 60));
}

TEST_F(OutageGuardTest, AnOpenPort25IsNotCalledClosed) {
  transfer = true;
  for (unsigned client = 1; client <= 8; ++client) fails(client, client);
  succeeds(9, 9);
  succeeds(10, 10);
  EXPECT_FALSE(guard.uplink(now).closed()) << "80 % is not more than 80 %";
  EXPECT_TRUE(fails(11, 11));
}

TEST_F(OutageGuardTest, SubmissionSaysNothingAboutPort25) {
  for (unsigned client = 1; client <= 9; ++client) fails(client, client);
  EXPECT_EQ(guard.uplink(now).clients, 0U);
}

TEST_F(OutageGuardTest, VotesAboutTheUplinkLastADay) {
  transfer = true;
  for (unsigned client = 1; client <= 9; ++client) fails(client, client);
  EXPECT_TRUE(guard.uplink(now + std::chrono::hours(24)).closed());
  EXPECT_FALSE(guard.uplink(now + std::chrono::hours(25)).closed());
}

TEST_F(OutageGuardTest, WhatItForgetsItCounts) {
  for (std::uint64_t group = 1; group <= 10'000; ++group) fails(1, group * 0x9e3779b97f4a7c15);
  EXPECT_GT(guard.forgotten(), 5'000U);
}

}  // namespace
}  // namespace mailweir
