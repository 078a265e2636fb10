// Who is behind an address, seen live by `mailweir run`: a spammer that takes a new IPv6 network for every connection,
// and an IPv4 address whose machine changes.
#include <gtest/gtest.h>
#include <sys/socket.h>

#include <cerrno>
#include <chrono>
#include <thread>

#include "sys/process.h"
#include "tests/netns/desk.h"

namespace mailweir {
namespace {

using nlohmann::json;

constexpr char kPolicy[] = "[gateway]\nclients = [\"172.16.0.0/24\", \"fd16::/32\"]\ncount_bytes = true\n";

void run_script(const std::string& script) {
  const auto ran = run_process({"sh", "-e"}, script);
  ASSERT_TRUE(ran && ran->status == 0) << (ran ? ran->err : ran.error().text());
}

// Servers of ever new networks: every other one refuses, the others answer and never hear of a message.
class Servers {
 public:
  explicit Servers(GatewayWorld& world) : world_(world), answering_(world.listen("::", 25)) {
    world.in_server_network([] {
      run_script(
          "nft 'table inet closed { chain in { type filter hook input priority 0; "
          "ip daddr 10.2.0.0/16 tcp dport 25 reject with tcp reset; "
          "ip6 daddr 2001:db8:9000::/36 tcp dport 25 reject with tcp reset; }; }'\n");
    });
  }

  // The next one, once.
  void contacted_by(const std::string& client) {
    const bool refuses = ++number_ % 2 == 0;
    const std::string server = client.find(':') == std::string::npos
                                   ? std::string(refuses ? "10.2." : "10.1.") + std::to_string(number_) + ".10"
                                   : "2001:db8:" + std::to_string((refuses ? 9'000 : 8'000) + number_) + "::10";
    const int error = world_.connect(client, server, 25).error;
    EXPECT_EQ(error, refuses ? ECONNREFUSED : 0) << client << " to " << server;
    if (error == 0) const Fd accepted(accept4(answering_.get(), nullptr, nullptr, SOCK_CLOEXEC));
  }

 private:
  GatewayWorld& world_;
  Fd answering_;
  int number_ = 0;
};

class Hopper : public testing::TestWithParam<int> {};

// fd16:0:0:100::/56 is the client's, as a provider routes it to a customer.
TEST_P(Hopper, WhoTakesANewNetworkForEveryFewConnectionsIsToldOfAsASite) {
  const int connections_each = GetParam();
  with_gateway([&](GatewayWorld& world) {
    run_script("ip -6 route add fd16:0:0:100::/56 via fd16:0:0:1::2\n");
    world.in_client_network([] {
      run_script(
          "ip -6 route add local fd16:0:0:100::/56 dev lo\n"
          "echo 1 > /proc/sys/net/ipv6/ip_nonlocal_bind\n");
    });
    Servers servers(world);
    const Desk desk(kPolicy);
    DeskGuard guard(desk);
    constexpr int kConnections = 60;
    for (int i = 0; i < kConnections; ++i)
      servers.contacted_by("fd16:0:0:1" + std::to_string(10 + i / connections_each) + "::7");
    const std::string told = guard.await("client.noticed ");
    EXPECT_NE(told.find("client=fd16:0:0:100::/56"), std::string::npos) << told;
    EXPECT_NE(told.find("one spammer with many addresses?"), std::string::npos) << told;
    const json blocks = desk.answers({"blocks"});
    for (const json& one : blocks["cases"])
      EXPECT_NE(one["action"], "block") << "its networks may be as many customers";
  });
}

INSTANTIATE_TEST_SUITE_P(Connections, Hopper, testing::Values(1, 4),
                         [](const auto& instance) { return "every" + std::to_string(instance.param); });

// So many bad contacts say little; twice as many are a spammer's.
constexpr int kHalfASpammer = 5;
constexpr char kAddress[] = "172.16.0.5";

// What the guard says of everybody, once it has seen the end of that many connections: each is opened and judged, and
// every other one established.
json clients_after(const Desk& desk, int connections) {
  for (;;) {
    json seen = desk.answers({"clients"});
    const bool all = seen["totals"]["events"] >= 2 * connections + (connections + 1) / 2;
    if (all || testing::Test::HasFailure()) return seen;
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
  }
}

TEST(NewHolder, AnotherMachineAtTheAddressBeginsAnew) {
  with_gateway([&](GatewayWorld& world) {
    Servers servers(world);
    const Desk desk(kPolicy);
    DeskGuard guard(desk);
    for (int i = 0; i < kHalfASpammer; ++i) servers.contacted_by(kAddress);
    const json before = clients_after(desk, kHalfASpammer);
    ASSERT_EQ(before["clients"].size(), 1U);
    EXPECT_GT(before["clients"][0]["score"]["user"], 7);

    // The lease ends, another machine gets it: the gateway finds the address at another place.
    world.in_client_network([] { run_script("ip link set uplink address 02:00:00:00:00:77\n"); });
    run_script("ip neigh flush dev inner\n");
    for (int i = 0; i < kHalfASpammer; ++i) servers.contacted_by(kAddress);
    const json after = clients_after(desk, 2 * kHalfASpammer);
    EXPECT_EQ(after["totals"]["new_holders"], 1);
    ASSERT_EQ(after["clients"].size(), 1U);
    EXPECT_EQ(after["clients"][0]["client"], kAddress);
    EXPECT_EQ(after["clients"][0]["attempts"], kHalfASpammer) << "the first holder's are forgotten";
    EXPECT_EQ(after["clients"][0]["verdict"], "undecided");
    EXPECT_TRUE(desk.answers({"blocks"})["cases"].empty());

    // The same machine goes on: now it is too much.
    for (int i = 0; i < 2 * kHalfASpammer; ++i) {
      if (world.connect(kAddress, "10.1." + std::to_string(100 + i) + ".10", 25).error != 0) break;
    }
    const std::string blocked = guard.await("block.added ");
    EXPECT_NE(blocked.find("client=" + std::string(kAddress) + " "), std::string::npos) << blocked;
  });
}

}  // namespace
}  // namespace mailweir
