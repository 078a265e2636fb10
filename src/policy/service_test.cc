#include "policy/service.h"

#include <gtest/gtest.h>

namespace mailweir {
namespace {

TEST(Service, NumbersNamesAndRangesAreRead) {
  EXPECT_EQ(*read_port("smtp"), (PortRange{Transport::Tcp, 25, 25}));
  EXPECT_EQ(*read_port("80/tcp"), (PortRange{Transport::Tcp, 80, 80}));
  EXPECT_EQ(*read_port("domain/udp"), (PortRange{Transport::Udp, 53, 53}));
  EXPECT_EQ(*read_port("6000-6063"), (PortRange{Transport::Tcp, 6000, 6063}));
  EXPECT_EQ(*read_port("netbios-ssn"), (PortRange{Transport::Tcp, 139, 139}));
  EXPECT_EQ(*read_port("1-65535"), (PortRange{Transport::Tcp, 1, 65535}));
}

TEST(Service, WhatIsNoPortSaysWhatToWrite) {
  EXPECT_EQ(read_port("smpt").error().hint, "did you mean 'smtp'?");
  EXPECT_EQ(read_port("90-80").error().hint, "write \"80-90\"");
  EXPECT_EQ(read_port("25/sctp").error().hint, "write \"25/tcp\" or \"25/udp\"");
  for (const char* text : {"0", "65536", "99999999999999999999", "", "-", "25-", "-25", "25,26", " 25"})
    EXPECT_FALSE(read_port(text)) << text;
}

}  // namespace
}  // namespace mailweir
