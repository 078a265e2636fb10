#include "sys/raw_probe.h"

#include <gtest/gtest.h>

#include <array>
#include <vector>

namespace mailweir {
namespace {

TEST(RawProbe, TheChecksumIsTheOneOfTheRfc) {
  // RFC 1071 section 3: the sum of these is ddf2.
  const std::array<std::uint8_t, 8> bytes{0x00, 0x01, 0xf2, 0x03, 0xf4, 0xf5, 0xf6, 0xf7};
  EXPECT_EQ(internet_checksum(bytes), static_cast<std::uint16_t>(~0xddf2));
}

TEST(RawProbe, AnOddByteCountsAsIfAZeroFollowed) {
  const std::vector<std::uint8_t> odd{0x12, 0x34, 0x56}, even{0x12, 0x34, 0x56, 0x00};
  EXPECT_EQ(internet_checksum(odd), internet_checksum(even));
}

}  // namespace
}  // namespace mailweir
