#include "sys/operator.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>

namespace mailweir {
namespace {

TEST(Operator, ThePeerOfAnSshSessionIsItsFirstWord) {
  EXPECT_EQ(ssh_peer("192.0.2.7 51234 198.51.100.1 22"), IpAddress::parse("192.0.2.7"));
  EXPECT_EQ(ssh_peer("2001:db8::7 51234 22"), IpAddress::parse("2001:db8::7"));
  EXPECT_EQ(ssh_peer("fe80::1%eth0 51234 fe80::2%eth0 22"), IpAddress::parse("fe80::1"));
  EXPECT_FALSE(ssh_peer(""));
  EXPECT_FALSE(ssh_peer("nobody 1 2 3"));
}

TEST(Operator, HasANameAndTheAddressOfTheSession) {
  setenv("SSH_CONNECTION", "192.0.2.77 51234 198.51.100.1 22", 1);
  const Operator who = current_operator();
  unsetenv("SSH_CONNECTION");
  EXPECT_FALSE(who.name.empty());
  EXPECT_NE(std::find(who.addresses.begin(), who.addresses.end(), *IpAddress::parse("192.0.2.77")),
            who.addresses.end());
}

}  // namespace
}  // namespace mailweir
