#include "lab/places.h"

#include <gtest/gtest.h>

#include <set>

namespace mailweir::lab {
namespace {

TEST(Places, TheAddressOfAServerTellsItsBehaviour) {
  for (const Family family : {Family::V4, Family::V6}) {
    for (const Behaviour behaviour : {Behaviour::Accept, Behaviour::Greylist, Behaviour::RefuseRecipients,
                                      Behaviour::RefuseConnections, Behaviour::Silent}) {
      for (const std::uint32_t group : {0u, 1u, kGroups - 1}) {
        for (std::uint32_t n = 0; n < 300; ++n) {
          const IpAddress server = server_address(family, group, behaviour, n);
          ASSERT_EQ(behaviour_of(server), behaviour) << server.text();
          ASSERT_TRUE(servers_prefix(family).contains(server)) << server.text();
        }
      }
    }
  }
}

TEST(Places, GroupsAreASlash24OrASlash48Each) {
  const auto group_of = [](IpAddress address) { return IpPrefix::of(address, address.is_v4() ? 24 : 48); };
  for (const Family family : {Family::V4, Family::V6}) {
    std::set<IpPrefix> groups;
    for (std::uint32_t group = 0; group < kGroups; ++group) {
      groups.insert(group_of(server_address(family, group, Behaviour::Accept, 5)));
      EXPECT_EQ(group_of(server_address(family, group, Behaviour::Silent, 9)),
                group_of(server_address(family, group, Behaviour::Accept, 5)));
    }
    EXPECT_EQ(groups.size(), kGroups);
  }
}

TEST(Places, EveryClientHasAnAddressInsideAndNoOtherHasIt) {
  for (const Family family : {Family::V4, Family::V6}) {
    std::set<IpPrefix> clients;
    for (std::uint32_t n = 0; n < kClientsMax; ++n) {
      const IpAddress address = client_address(family, n);
      ASSERT_TRUE(clients_prefix(family).contains(address)) << address.text();
      clients.insert(client_prefix(address));
    }
    EXPECT_EQ(clients.size(), kClientsMax);
  }
  EXPECT_TRUE(clients_prefix(Family::V4).contains(mail_host_address(2)));
  EXPECT_LT(mail_host_address(99).v4_bits(), client_address(Family::V4, 0).v4_bits());
}

TEST(Places, ANeighbourSharesTheSlash64) {
  const IpAddress client = client_address(Family::V6, 77);
  const IpAddress neighbour = neighbour_address(client, 0x1234'5678'9abc'def0);
  EXPECT_NE(neighbour, client);
  EXPECT_EQ(client_prefix(neighbour), client_prefix(client));
}

}  // namespace
}  // namespace mailweir::lab
