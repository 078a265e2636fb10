#include "detect/destination_sizes.h"

#include <gtest/gtest.h>

#include <random>

namespace mailweir {
namespace {

class DestinationSizesTest : public ::testing::Test {
 protected:
  // Messages of 3 kB and more behind 1 kB of TLS; one connection in twenty is rejected after TLS.
  void learn(unsigned connections) {
    for (unsigned i = 0; i < connections; ++i) {
      sizes.learn(7, i % 20 == 0 ? 1'200 : 4'000 + static_cast<std::uint32_t>(random() % 40'000));
    }
  }
  std::mt19937 random{20261122};
  DestinationSizes sizes;
};

TEST_F(DestinationSizesTest, KnowsNothingAtFirst) {
  learn(10);
  EXPECT_EQ(sizes.judge(7, Outcome::Delivered, 1'200), Outcome::Delivered);
}

TEST_F(DestinationSizesTest, ARejectionBehindTlsIsNoDelivery) {
  learn(400);
  EXPECT_EQ(sizes.judge(7, Outcome::Delivered, 1'200), Outcome::Short);
  EXPECT_EQ(sizes.judge(7, Outcome::Delivered, 30'000), Outcome::Delivered);
  EXPECT_EQ(sizes.judge(8, Outcome::Delivered, 1'200), Outcome::Delivered) << "elsewhere nobody knows";
}

TEST_F(DestinationSizesTest, NeverMakesMoreOfAnOutcome) {
  learn(400);
  for (const Outcome outcome : {Outcome::Short, Outcome::NoAnswer, Outcome::Refused, Outcome::Unknown}) {
    EXPECT_EQ(sizes.judge(7, outcome, 30'000), outcome);
  }
  EXPECT_EQ(sizes.judge(7, Outcome::Grey, 30'000), Outcome::Grey);
  EXPECT_EQ(sizes.judge(7, Outcome::Delivered, 0), Outcome::Delivered) << "nobody counted";
}

TEST_F(DestinationSizesTest, AServerOfLargeMessagesDoesNotSpoilSmallOnes) {
  for (int i = 0; i < 100; ++i) sizes.learn(7, 5'000'000);
  EXPECT_EQ(sizes.judge(7, Outcome::Delivered, 4'000), Outcome::Delivered);
}

TEST_F(DestinationSizesTest, StaysTheSameSizeWithAnyNumberOfDestinations) {
  for (std::uint64_t group = 1; group < 100'000; ++group) sizes.learn(group * 0x9e3779b97f4a7c15, 5'000);
  learn(400);
  EXPECT_EQ(sizes.judge(7, Outcome::Delivered, 1'200), Outcome::Short);
}

}  // namespace
}  // namespace mailweir
