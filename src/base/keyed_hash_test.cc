#include "base/keyed_hash.h"

#include <gtest/gtest.h>

#include <numeric>

namespace mailweir {
namespace {

TEST(KeyedHash, IsSipHash24) {
  // Test vector of the SipHash paper (2012), appendix A: key 00..0f, input 00..0e.
  KeyedHash::Key key{};
  std::iota(key.begin(), key.end(), std::uint8_t{0});
  std::array<std::uint8_t, 15> input{};
  std::iota(input.begin(), input.end(), std::uint8_t{0});
  EXPECT_EQ(KeyedHash(key)(input), 0xa129ca6149be45e5ULL);
}

TEST(KeyedHash, DependsOnKeyAddressAndTag) {
  const KeyedHash one(KeyedHash::Key{1}), two(KeyedHash::Key{2});
  const IpAddress address = IpAddress::v4(7);
  EXPECT_NE(one(address), two(address));
  EXPECT_NE(one(address, 1), one(address, 2));
  EXPECT_NE(one(address), one(IpAddress::v4(8)));
}

}  // namespace
}  // namespace mailweir
