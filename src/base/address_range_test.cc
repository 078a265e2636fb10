#include "base/address_range.h"

#include <gtest/gtest.h>

namespace mailweir {
namespace {

std::vector<std::string> covered(const char* first, const char* last) {
  std::vector<std::string> texts;
  for (const IpPrefix& prefix : prefixes_of(*IpAddress::parse(first), *IpAddress::parse(last)))
    texts.push_back(prefix.text());
  return texts;
}
using Texts = std::vector<std::string>;

TEST(AddressRange, FewestPrefixesHoldExactlyTheRange) {
  EXPECT_EQ(covered("198.51.100.100", "198.51.100.103"), Texts{"198.51.100.100/30"});
  EXPECT_EQ(covered("192.0.2.1", "192.0.2.6"), (Texts{"192.0.2.1", "192.0.2.2/31", "192.0.2.4/31", "192.0.2.6"}));
  EXPECT_EQ(covered("192.0.2.9", "192.0.2.9"), Texts{"192.0.2.9"});
}

TEST(AddressRange, BothEndsOfBothFamiliesAreReached) {
  EXPECT_EQ(covered("0.0.0.0", "255.255.255.255"), Texts{"0.0.0.0/0"});
  EXPECT_EQ(covered("::", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"), Texts{"::/0"});
  EXPECT_EQ(covered("2001:db8::ffff:ffff:ffff:ffff", "2001:db8:0:1::"),
            (Texts{"2001:db8::ffff:ffff:ffff:ffff", "2001:db8:0:1::"}));
}

}  // namespace
}  // namespace mailweir
