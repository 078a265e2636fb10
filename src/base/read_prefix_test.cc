#include "base/read_prefix.h"

#include <gtest/gtest.h>

namespace mailweir {
namespace {

TEST(ReadPrefix, TakesWhatIpPrefixTakes) {
  EXPECT_EQ(read_prefix("172.16.0.0/12")->text(), "172.16.0.0/12");
  EXPECT_EQ(read_prefix("fd16::/32")->text(), "fd16::/32");
  EXPECT_EQ(read_prefix("192.0.2.1")->text(), "192.0.2.1");
}

TEST(ReadPrefix, NamesTheNetworkWhenHostBitsAreSet) {
  const auto v4 = read_prefix("172.16.0.1/12");
  ASSERT_FALSE(v4);
  EXPECT_EQ(v4.error().kind, PrefixMistake::Kind::HostBits);
  EXPECT_EQ(v4.error().hint, "write 172.16.0.0/12 for the network, 172.16.0.1 for the address alone");
  const auto v6 = read_prefix("fd16::1/32");
  ASSERT_FALSE(v6);
  EXPECT_EQ(v6.error().hint, "write fd16::/32 for the network, fd16::1 for the address alone");
}

TEST(ReadPrefix, TellsALengthThatCannotBe) {
  for (const char* text : {"10.0.0.0/33", "10.0.0.0/", "10.0.0.0/x", "10.0.0.0/-1", "10.0.0.0/8 ", "fd16::/129"}) {
    const auto prefix = read_prefix(text);
    ASSERT_FALSE(prefix) << text;
    EXPECT_EQ(prefix.error().kind, PrefixMistake::Kind::BadLength) << text;
  }
}

TEST(ReadPrefix, EverythingElseIsNoAddressAndIsEscaped) {
  for (const char* text : {"", "lan", "10.0.0", "\x1b[31m", "/12"}) {
    const auto prefix = read_prefix(text);
    ASSERT_FALSE(prefix) << text;
    EXPECT_EQ(prefix.error().kind, PrefixMistake::Kind::NotAPrefix) << text;
    EXPECT_EQ(prefix.error().text.find('\x1b'), std::string::npos);
  }
}

}  // namespace
}  // namespace mailweir
