#include "dns/generic_name.h"

#include <gtest/gtest.h>

namespace mailweir {
namespace {

bool generic(std::string_view name, const char* address = "198.51.100.7") {
  return generic_name_reason(name, *IpAddress::parse(address)).has_value();
}

TEST(GenericName, HoldsTheAddress) {
  for (const char* name : {"198-51-100-7.example.net", "7.100.51.198.example.net", "host-100-51-198.example.net",
                           "ip198x51x100x7.example.net", "198051100007.example.net", "c6336407.example.net",
                           "h-51-100-7.west.example.net", "n007-100-051.example.net"})
    EXPECT_TRUE(generic(name)) << name;
}

TEST(GenericName, HoldsAWordForHomesAndPools) {
  for (const char* name : {"dynamic.pool.example.com", "dyn7.example.net", "a.dsl.example.net", "user-7.example.net"})
    EXPECT_TRUE(generic(name)) << name;
}

TEST(GenericName, NamesThatSomebodyChose) {
  for (const char* name : {"out7.example.net", "mail.example.net", "mx1-100.example.net", "nat-51-100.example.net",
                           "static7.example.net", "carpool.example.net", "dynamite.example.net", "users7x.example.net"})
    EXPECT_EQ(generic(name), std::string_view(name).starts_with("users")) << name;
  // Of the domain itself nobody can choose another.
  EXPECT_FALSE(generic("mail.dynamic.example"));
  EXPECT_FALSE(generic("mail.pool.com"));
  EXPECT_FALSE(generic("198-51-100-7.net"));
}

TEST(GenericName, AddressesOfIPv6) {
  const char* address = "2001:db8:1:2::25";
  for (const char* name :
       {"2001-db8-1-2--25.example.net", "2001-db8-1-2-25.example.net", "20010db8000100020000000000000025.example.net",
        "5.2.0.0.0.0.0.0.0.0.0.0.0.0.0.0.2.0.0.0.1.0.0.0.8.b.d.0.1.0.0.2.ip6.example.net"})
    EXPECT_TRUE(generic(name, address)) << name;
  EXPECT_FALSE(generic("out25.example.net", address));
  EXPECT_FALSE(generic("mail.example.net", "2001:db8::"));
}

}  // namespace
}  // namespace mailweir
