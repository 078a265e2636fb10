#include "base/endpoint.h"

#include <gtest/gtest.h>

namespace mailweir {
namespace {

std::string read(std::string_view text) {
  const auto endpoint = Endpoint::parse(text, 53);
  return endpoint ? endpoint->text() : "no";
}

TEST(Endpoint, ReadsAddressesWithAndWithoutAPort) {
  EXPECT_EQ(read("192.0.2.1"), "192.0.2.1:53");
  EXPECT_EQ(read("192.0.2.1:5353"), "192.0.2.1:5353");
  EXPECT_EQ(read("2001:db8::53"), "[2001:db8::53]:53");
  EXPECT_EQ(read("[2001:db8::53]"), "[2001:db8::53]:53");
  EXPECT_EQ(read("[2001:db8::53]:65535"), "[2001:db8::53]:65535");
}

TEST(Endpoint, RefusesEverythingElse) {
  for (const char* text : {"", ":", "192.0.2.1:", "192.0.2.1:0", "192.0.2.1:65536", "192.0.2.1:53x", "[192.0.2.1]:53",
                           "[2001:db8::1", "[2001:db8::1]53", "ns1.example.net", "ns1.example.net:53", "[]:53"})
    EXPECT_EQ(read(text), "no") << text;
}

}  // namespace
}  // namespace mailweir
