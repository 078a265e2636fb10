#include "ingest/client_scope.h"

#include <gtest/gtest.h>

#include <vector>

namespace mailweir {
namespace {

using namespace tcp_flag;

PacketSighting packet(const char* source, std::uint16_t source_port, const char* destination,
                      std::uint16_t destination_port, std::uint8_t flags = kAck, Path path = Path::Unknown) {
  return {.time = {},
          .source = *IpAddress::parse(source),
          .destination = *IpAddress::parse(destination),
          .source_port = source_port,
          .destination_port = destination_port,
          .flags = flags,
          .path = path};
}

// To port 25 of `server`, and its answer.
std::pair<Way, Way> ways(const ClientScope& scope, const char* client, const char* server, Path to = Path::Unknown,
                         Path back = Path::Unknown) {
  return {scope.way_of(packet(client, 40000, server, 25, kAck, to)),
          scope.way_of(packet(server, 25, client, 40000, kAck, back))};
}

constexpr std::pair kLeaves{Way::FromClient, Way::ToClient};
constexpr std::pair kInbound{Way::Inbound, Way::Inbound};
constexpr std::pair kForeign{Way::Foreign, Way::Foreign};
constexpr std::pair kLocal{Way::Local, Way::Local};
constexpr std::pair kImpossible{Way::Impossible, Way::Impossible};

TEST(ClientScope, WithoutPrefixesScopesDecide) {
  const ClientScope scope;
  EXPECT_EQ(ways(scope, "172.16.0.7", "198.51.100.9"), kLeaves);
  EXPECT_EQ(ways(scope, "198.51.100.9", "203.0.113.5"), kLeaves);
  EXPECT_EQ(ways(scope, "192.168.1.2", "10.0.0.1"), kLeaves);
  EXPECT_EQ(ways(scope, "198.51.100.9", "172.16.0.7"), kInbound);
  EXPECT_EQ(ways(scope, "fd16::7", "2001:db8::9"), kLeaves);
  EXPECT_EQ(ways(scope, "2001:db8::9", "fd16::7"), kInbound);
}

TEST(ClientScope, BordersOfPrivateSpace) {
  const ClientScope scope;
  for (const char* inside :
       {"10.0.0.0", "10.255.255.255", "172.16.0.0", "172.31.255.255", "192.168.0.0", "192.168.255.255", "100.64.0.0",
        "100.127.255.255", "169.254.1.1", "fc00::", "fdff::1", "fe80::1", "febf::1"})
    EXPECT_EQ(ways(scope, inside[0] == 'f' ? "2001:db8::9" : "8.8.8.8", inside), kInbound) << inside;
  for (const char* outside : {"9.255.255.255", "11.0.0.0", "172.15.255.255", "172.32.0.0", "192.167.255.255",
                              "192.169.0.0", "100.63.255.255", "100.128.0.0", "fbff::1", "fec0::1"})
    EXPECT_EQ(ways(scope, outside[0] == 'f' ? "2001:db8::9" : "8.8.8.8", outside), kLeaves) << outside;
}

TEST(ClientScope, PrefixesOverrideScopes) {
  const std::vector prefixes{*IpPrefix::parse("198.51.100.0/24"), *IpPrefix::parse("2001:db8:1::/48")};
  const ClientScope scope(prefixes);
  EXPECT_EQ(ways(scope, "198.51.100.9", "172.16.0.7"), kLeaves);
  EXPECT_EQ(ways(scope, "2001:db8:1::5", "2001:db8:2::9"), kLeaves);
  EXPECT_EQ(ways(scope, "198.51.100.9", "198.51.100.10"), kLeaves);
  EXPECT_EQ(ways(scope, "172.16.0.7", "198.51.100.9"), kInbound);
  EXPECT_EQ(ways(scope, "172.16.0.7", "203.0.113.5"), kForeign);
}

TEST(ClientScope, ThePathOutweighsTheScope) {
  const ClientScope scope;
  EXPECT_EQ(ways(scope, "172.16.0.7", "198.51.100.9", Path::Input, Path::Output), kInbound);
  EXPECT_EQ(ways(scope, "198.51.100.9", "172.16.0.7", Path::Output, Path::Input), kLeaves);
  EXPECT_EQ(ways(scope, "172.16.0.7", "198.51.100.9", Path::Forward, Path::Forward), kLeaves);
  EXPECT_EQ(ways(scope, "198.51.100.9", "172.16.0.7", Path::Forward, Path::Forward), kInbound);
}

TEST(ClientScope, SomeAddressesAreNobodysClients) {
  const ClientScope scope;
  EXPECT_EQ(ways(scope, "127.0.0.1", "127.0.0.1"), kLocal);
  EXPECT_EQ(ways(scope, "::1", "::1"), kLocal);
  for (const char* never : {"0.0.0.0", "0.1.2.3", "224.0.0.1", "239.255.255.255", "240.0.0.1", "255.255.255.255"})
    EXPECT_EQ(ways(scope, never, "198.51.100.9"), kImpossible) << never;
  EXPECT_EQ(ways(scope, "::", "2001:db8::9"), kImpossible);
  EXPECT_EQ(ways(scope, "2001:db8::9", "ff02::1"), kImpossible);
}

TEST(ClientScope, PortsTellTheServerAndTheSynDecidesBetweenTwo) {
  const ClientScope scope;
  EXPECT_EQ(scope.way_of(packet("10.0.0.1", 40000, "198.51.100.9", 80)), Way::Impossible);
  EXPECT_EQ(scope.way_of(packet("10.0.0.1", 25, "198.51.100.9", 113, kSyn)), Way::Impossible);
  EXPECT_EQ(scope.way_of(packet("10.0.0.1", 25, "198.51.100.9", 25)), Way::Unclear);
  EXPECT_EQ(scope.way_of(packet("10.0.0.1", 25, "198.51.100.9", 25, kSyn)), Way::FromClient);
  EXPECT_EQ(scope.way_of(packet("198.51.100.9", 25, "10.0.0.1", 25, kSyn | kAck)), Way::ToClient);
  for (const int port : {465, 587})
    EXPECT_EQ(scope.way_of(packet("10.0.0.1", 40000, "198.51.100.9", static_cast<std::uint16_t>(port))),
              Way::FromClient);
}

}  // namespace
}  // namespace mailweir
