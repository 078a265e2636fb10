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
  EXPECT_EQ(found[0].socket, 1U);
  EXPECT_TRUE(found[1].address.is_unspecified());
  EXPECT_EQ(found[1].port, 1080);
  EXPECT_EQ(found[2].address, *IpAddress::parse("2001:db8::1"));
  EXPECT_EQ(found[2].port, 80);
}

TEST(Machine, RoutesAreReadFromTheKernelsTablesTheNearestFirst) {
  const auto found = read_routes(
      "Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT\n"
      "wlan0\t00000000\t0100A8C0\t0003\t0\t0\t600\t00000000\t0\t0\t0\n"
      "eth0\t00000000\t0100A8C0\t0003\t0\t0\t100\t00000000\t0\t0\t0\n"
      "eth1\t000010AC\t00000000\t0001\t0\t0\t0\t0000F0FF\t0\t0\t0\n"
      "*\t0000000A\t00000000\t0201\t0\t0\t0\t000000FF\t0\t0\t0\n"
      "nonsense\n",
      "fd160000000000000000000000000000 10 00000000000000000000000000000000 00 fe800000000000000000000000000001 "
      "00000400 00000001 00000000 00000003 eth1\n"
      "fd160000000000000000000000000001 80 00000000000000000000000000000000 00 00000000000000000000000000000000 "
      "00000000 00000001 00000000 80200001 eth1\n"
      "00000000000000000000000000000000 00 00000000000000000000000000000000 00 00000000000000000000000000000000 "
      "ffffffff 00000001 00000000 00200200 lo\n");
  ASSERT_EQ(found.size(), 4U);
  EXPECT_EQ(found[0].to, *IpPrefix::parse("172.16.0.0/12"));
  EXPECT_EQ(found[0].interface, "eth1");
  EXPECT_EQ(found[1].interface, "eth0") << "the lower metric";
  EXPECT_EQ(found[2].interface, "wlan0");
  EXPECT_EQ(found[3].to, *IpPrefix::parse("fd16::/16"));
}

}  // namespace
}  // namespace mailweir
