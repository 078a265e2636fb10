#include "sys/machine.h"

#include <gtest/gtest.h>

namespace mailweir {
namespace {

TEST(Machine, ListenersAreReadFromTheKernelsTables) {
  const auto found = read_listeners(
      "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n"
      "   0: 0100007F:0019 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 1 1 0 100 0 0 10 0\n"
      "   1: 00000000:0438 00000000:0000 0A 00000000:00000000 00:00000000 00000000  1000        0 2 1 0 100 0 0 10 0\n"
      "   2: 0200A8C0:D431 01020304:0019 01 00000000:00000000 00:00000000 00000000  1000        0 3 1 0 20 4 30 10 -1\n"
      "   3: nonsense\n"
      "   4: 0000000000000000000000000000FFFF:00ZZ x 0A\n"
      "   5: B80D0120000000000000000001000000:0050 0:0 0A\n");
  ASSERT_EQ(found.size(), 3U);
  EXPECT_EQ(found[0].address, *IpAddress::parse("127.0.0.1"));
  EXPECT_EQ(found[0].port, 25);
  EXPECT_TRUE(found[1].address.is_unspecified());
  EXPECT_EQ(found[1].port, 1080);
  EXPECT_EQ(found[2].address, *IpAddress::parse("2001:db8::1"));
  EXPECT_EQ(found[2].port, 80);
}

}  // namespace
}  // namespace mailweir
