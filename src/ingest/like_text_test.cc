#include "ingest/like_text.h"

#include <gtest/gtest.h>

#include <string>

namespace mailweir {
namespace {

const std::string kFront = "Nov  1 00:00:07 gateway kernel: [81234.010000] MAILOUT IN=eth1 OUT=eth0 ";
const std::string kRest = "SRC=172.16.0.9 DST=198.51.100.25 LEN=60 ";

class LikeTextTest : public ::testing::Test {
 protected:
  LikeTextTest() { front.remember(kFront, kFront.find('['), kFront.find("MAILOUT")); }
  bool alike(const std::string& text) const { return front.is_front_of(text + kRest); }
  LikeText front;
};

TEST_F(LikeTextTest, DigitsOfTheClockMayBeOthersAndNothingElse) {
  EXPECT_EQ(front.size(), kFront.size());
  for (std::size_t i = 0; i < kFront.size(); ++i) {
    std::string other = kFront;
    other[i] = kFront[i] == '7' ? '8' : '7';
    const bool clock = i > kFront.find('[') && i < kFront.find(']') && kFront[i] != '.';
    EXPECT_EQ(alike(other), clock) << other;
    for (const char c : {'/', ':', 'a', '\0', '\xff'}) {
      other[i] = c;
      if (c != kFront[i]) {
        EXPECT_FALSE(alike(other)) << other;
      }
    }
  }
  EXPECT_TRUE(alike(kFront));
}

TEST_F(LikeTextTest, NothingBehindATextIsLookedAt) {
  EXPECT_FALSE(front.is_front_of(kFront.substr(0, kFront.size() - 1)));
  EXPECT_FALSE(front.is_front_of(""));
}

}  // namespace
}  // namespace mailweir
