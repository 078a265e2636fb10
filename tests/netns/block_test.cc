// From a packet to a block, with a real kernel, real sockets and a masquerading gateway.
#include <gtest/gtest.h>

#include <cerrno>

#include "apply/linux_kernel.h"
#include "ingest/nflog.h"
#include "sys/clock.h"
#include "sys/poller.h"
#include "tests/netns/gateway_world.h"
#include "tests/support/watch_table.h"

namespace mailweir {
namespace {

constexpr std::uint16_t kGroup = 25;

CompiledTable gateway_table() {
  WatchTable wanted;
  wanted.clients = {*IpPrefix::parse("172.16.0.0/12"), *IpPrefix::parse("fd16::/32")};
  wanted.exempt = {*IpPrefix::parse("172.16.0.9")};
  wanted.ports = {25, 465, 587};
  wanted.log_group = kGroup;
  return wanted.compiled();
}

// Our table in force and somebody listening to what it logs.
struct Guard {
  std::unique_ptr<Kernel> kernel;
  NflogSource source;
  SystemClock clock;

  static Guard begin(const CompiledTable& wanted) {
    auto kernel = open_linux_kernel();
    auto source = NflogSource::open(kGroup);
    EXPECT_TRUE(kernel && source);
    const auto installed = (*kernel)->install(wanted);
    EXPECT_TRUE(installed) << installed.error().text();
    return Guard{std::move(*kernel), std::move(*source), {}};
  }

  // Waits for a packet, at most until the test's time limit.
  std::vector<LoggedPacket> wait() {
    auto poller = Poller::open();
    EXPECT_TRUE(poller->watch(source.fd(), 0));
    std::vector<LoggedPacket> packets;
    while (packets.empty()) {
      EXPECT_TRUE(poller->wait(std::nullopt));
      EXPECT_TRUE(source.read(clock, packets));
    }
    return packets;
  }

  void block(const char* client, BlockScope scope) {
    const Block blocks[] = {{*IpPrefix::parse(client), scope, "mw-test", std::chrono::hours(1), {}, 0}};
    const auto added = kernel->add_blocks(blocks);
    EXPECT_TRUE(added) << added.error().text();
  }
};

TEST(Block, TheFirstPacketIsSeenItsSenderBlockedAndOnlyMailStops) {
  with_gateway([](GatewayWorld& world) {
    const Fd mail = world.listen("192.0.2.10", 25);
    const Fd web = world.listen("192.0.2.10", 80);
    Guard guard = Guard::begin(gateway_table());
    EXPECT_EQ(world.connect("172.16.0.2", "192.0.2.10", 25).error, 0);

    const auto packets = guard.wait();
    ASSERT_EQ(packets.size(), 1U) << "one SYN, and no later packet";
    const PacketSighting& packet = packets[0].packet;
    EXPECT_EQ(packet.source.text(), "172.16.0.2") << "as before the translation";
    EXPECT_EQ(packet.destination.text(), "192.0.2.10");
    EXPECT_EQ(packet.destination_port, 25);
    EXPECT_EQ(packet.flags, tcp_flag::kSyn);

    guard.block("172.16.0.2", BlockScope::AllSending);
    EXPECT_EQ(world.connect("172.16.0.2", "192.0.2.10", 25).error, ECONNREFUSED);
    EXPECT_EQ(world.connect("172.16.0.2", "192.0.2.10", 80).error, 0);
    EXPECT_EQ(world.connect("172.16.0.3", "192.0.2.10", 25).error, 0) << "others are not meant";
    const auto blocks = guard.kernel->blocks();
    ASSERT_TRUE(blocks && blocks->size() == 1);
    EXPECT_EQ(blocks->front().stopped, 1U);
  });
}

TEST(Block, AnIpv6ClientIsItsWhole64) {
  with_gateway([](GatewayWorld& world) {
    const Fd mail = world.listen("2001:db8::10", 25);
    Guard guard = Guard::begin(gateway_table());
    EXPECT_EQ(world.connect("fd16:0:0:1::2", "2001:db8::10", 25).error, 0);
    const auto packets = guard.wait();
    ASSERT_EQ(packets.size(), 1U);
    EXPECT_EQ(packets[0].packet.source.text(), "fd16:0:0:1::2");

    guard.block("fd16:0:0:1::/64", BlockScope::AllSending);
    EXPECT_EQ(world.connect("fd16:0:0:1::2", "2001:db8::10", 25).error, ECONNREFUSED);
    EXPECT_EQ(world.connect("fd16:0:0:2::2", "2001:db8::10", 25).error, 0) << "the next /64";
    EXPECT_EQ(guard.kernel->blocks()->front().stopped, 1U);
  });
}

TEST(Block, ANarrowBlockCutsOnlyThePortsOfItsRole) {
  with_gateway([](GatewayWorld& world) {
    const Fd servers[] = {world.listen("192.0.2.10", 25), world.listen("192.0.2.10", 465),
                          world.listen("192.0.2.10", 587), world.listen("2001:db8::10", 25),
                          world.listen("2001:db8::10", 587)};
    Guard guard = Guard::begin(gateway_table());
    guard.block("172.16.0.2", BlockScope::TransferOnly);
    EXPECT_EQ(world.connect("172.16.0.2", "192.0.2.10", 25).error, ECONNREFUSED);
    EXPECT_EQ(world.connect("172.16.0.2", "192.0.2.10", 465).error, 0);
    EXPECT_EQ(world.connect("172.16.0.2", "192.0.2.10", 587).error, 0);
    EXPECT_EQ(guard.kernel->blocks()->front().stopped, 1U) << "what passed is not counted as stopped";

    guard.block("172.16.0.2", BlockScope::SubmissionOnly);
    EXPECT_EQ(world.connect("172.16.0.2", "192.0.2.10", 25).error, 0);
    EXPECT_EQ(world.connect("172.16.0.2", "192.0.2.10", 465).error, ECONNREFUSED);
    EXPECT_EQ(world.connect("172.16.0.2", "192.0.2.10", 587).error, ECONNREFUSED);

    guard.block("fd16:0:0:1::/64", BlockScope::SubmissionOnly);
    EXPECT_EQ(world.connect("fd16:0:0:1::2", "2001:db8::10", 25).error, 0);
    EXPECT_EQ(world.connect("fd16:0:0:1::2", "2001:db8::10", 587).error, ECONNREFUSED);
  });
}

TEST(Block, AnExemptClientIsNeitherSeenNorStopped) {
  with_gateway([](GatewayWorld& world) {
    const Fd mail = world.listen("192.0.2.10", 25);
    Guard guard = Guard::begin(gateway_table());
    guard.block("172.16.0.9", BlockScope::AllSending);
    EXPECT_EQ(world.connect("172.16.0.9", "192.0.2.10", 25).error, 0);
    EXPECT_EQ(world.connect("172.16.0.2", "192.0.2.10", 25).error, 0);
    const auto packets = guard.wait();
    ASSERT_EQ(packets.size(), 1U);
    EXPECT_EQ(packets[0].packet.source.text(), "172.16.0.2");
  });
}

}  // namespace
}  // namespace mailweir
