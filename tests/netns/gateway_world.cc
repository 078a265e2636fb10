#include "tests/netns/gateway_world.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstring>

#include "sys/enclosure.h"
#include "sys/process.h"

namespace mailweir {
namespace {

// `eager_neighbours` is tests/support's.
Result<void> run(const std::string& script) {
  const auto ran =
      run_process({"sh", "-e"}, "eager_neighbours() { " MAILWEIR_TEST_SUPPORT "/eager_neighbours \"$@\"; }\n" + script);
  if (!ran) return fail(ran.error());
  if (ran->status != 0) return fail(ErrorCode::Refused, ran->err);
  return {};
}

struct SocketAddress {
  sockaddr_storage storage{};
  socklen_t length = 0;
  [[nodiscard]] const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&storage); }
};

SocketAddress socket_address(const std::string& text, std::uint16_t port) {
  SocketAddress address;
  if (auto* v4 = reinterpret_cast<sockaddr_in*>(&address.storage);
      inet_pton(AF_INET, text.c_str(), &v4->sin_addr) == 1) {
    v4->sin_family = AF_INET;
    v4->sin_port = htons(port);
    address.length = sizeof *v4;
  } else {
    auto* v6 = reinterpret_cast<sockaddr_in6*>(&address.storage);
    EXPECT_EQ(inet_pton(AF_INET6, text.c_str(), &v6->sin6_addr), 1) << text;
    v6->sin6_family = AF_INET6;
    v6->sin6_port = htons(port);
    address.length = sizeof *v6;
  }
  return address;
}

}  // namespace

Result<GatewayWorld> GatewayWorld::build() {
  auto clients = NetworkNamespace::create();
  auto servers = NetworkNamespace::create();
  if (!clients) return fail(clients.error());
  if (!servers) return fail(servers.error());
  for (const auto* host : {&*clients, &*servers}) {
    const InNamespace inside(*host);
    if (auto eager = run("eager_neighbours\n"); !eager) return fail(eager.error());
  }
  const auto gateway = run("eager_neighbours\nip link add inner type veth peer name uplink netns " + clients->path() +
                           "\n" + "ip link add outer type veth peer name uplink netns " + servers->path() + "\n" + R"(
ip addr add 172.16.0.1/24 dev inner
ip -6 addr add fd16:0:0:1::1/64 dev inner nodad
ip -6 addr add fd16:0:0:2::1/64 dev inner nodad
ip addr add 192.0.2.1/24 dev outer
ip -6 addr add 2001:db8::1/64 dev outer nodad
ip link set inner up
ip link set outer up
eager_neighbours inner outer
ip route add 10.0.0.0/8 via 192.0.2.10
ip -6 route add 2001:db8:8000::/34 via 2001:db8::10
echo 1 > /proc/sys/net/ipv4/ip_forward
echo 1 > /proc/sys/net/ipv6/conf/all/forwarding
nft 'table inet nat { chain post { type nat hook postrouting priority srcnat; oifname "outer" masquerade; }; }'
)");
  if (!gateway) return fail(gateway.error());
  {
    const InNamespace inside(*clients);
    const auto client = run(R"(
for i in 2 3 4 5 6 7 8 9; do ip addr add 172.16.0.$i/24 dev uplink; done
ip -6 addr add fd16:0:0:1::2/64 dev uplink nodad
ip -6 addr add fd16:0:0:2::2/64 dev uplink nodad
ip link set uplink up
eager_neighbours uplink
ip route add default via 172.16.0.1
ip -6 route add default via fd16:0:0:1::1
)");
    if (!client) return fail(client.error());
  }
  const InNamespace inside(*servers);
  const auto server = run(R"(
for i in 10 11 12 13 14 15 16 17 18 19; do
  ip addr add 192.0.2.$i/24 dev uplink
  ip -6 addr add 2001:db8::$i/64 dev uplink nodad
done
ip link set uplink up
eager_neighbours uplink
ip route add local 10.0.0.0/8 dev lo
ip -6 route add local 2001:db8:8000::/34 dev lo
)");
  if (!server) return fail(server.error());
  return GatewayWorld(std::move(*clients), std::move(*servers));
}

Fd GatewayWorld::start(const std::string& client, const std::string& server, std::uint16_t port) const {
  const InNamespace inside(clients_);
  const SocketAddress from = socket_address(client, 0);
  const SocketAddress to = socket_address(server, port);
  Fd socket(::socket(to.storage.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  EXPECT_EQ(bind(socket.get(), from.get(), from.length), 0) << client << ": " << std::strerror(errno);
  const int begun = ::connect(socket.get(), to.get(), to.length);
  EXPECT_TRUE(begun == 0 || errno == EINPROGRESS) << std::strerror(errno);
  return socket;
}

GatewayWorld::Connected GatewayWorld::connect(const std::string& client, const std::string& server,
                                              std::uint16_t port) const {
  Connected connected{start(client, server, port), 0};
  pollfd waiting{connected.socket.get(), POLLOUT, 0};
  if (poll(&waiting, 1, 30'000) != 1) return {std::move(connected.socket), ETIMEDOUT};
  socklen_t length = sizeof connected.error;
  getsockopt(connected.socket.get(), SOL_SOCKET, SO_ERROR, &connected.error, &length);
  return connected;
}

Fd GatewayWorld::listen(const std::string& server, std::uint16_t port) const {
  const InNamespace inside(servers_);
  const SocketAddress address = socket_address(server, port);
  Fd socket(::socket(address.storage.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const int one = 1;
  setsockopt(socket.get(), SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
  EXPECT_EQ(bind(socket.get(), address.get(), address.length), 0) << std::strerror(errno);
  EXPECT_EQ(::listen(socket.get(), 128), 0) << std::strerror(errno);
  return socket;
}

void GatewayWorld::swallow(const std::string& servers) const {
  in_server_network([&] {
    const std::string family = servers.find(':') == std::string::npos ? "ip" : "ip6";
    const auto dropped =
        run("nft add table inet swallow\n"
            "nft 'add chain inet swallow in { type filter hook input priority 0; }'\n"
            "nft add rule inet swallow in " +
            family + " daddr " + servers + " tcp dport 1-1000 drop\n");
    EXPECT_TRUE(dropped) << dropped.error().text();
  });
}

void GatewayWorld::in_server_network(const std::function<void()>& body) const {
  const InNamespace inside(servers_);
  body();
}

void GatewayWorld::in_client_network(const std::function<void()>& body) const {
  const InNamespace inside(clients_);
  body();
}

void with_gateway(const std::function<void(GatewayWorld&)>& body) {
  const auto status = run_enclosed(Walls::Network, [&] {
    auto world = GatewayWorld::build();
    EXPECT_TRUE(world) << world.error().text();
    if (world) {
      // A link that has just come up may lose a packet. What follows counts packets, so the way is walked once before.
      EXPECT_EQ(world->connect("172.16.0.2", "192.0.2.10", 9).error, ECONNREFUSED);
      EXPECT_EQ(world->connect("fd16:0:0:1::2", "2001:db8::10", 9).error, ECONNREFUSED);
      body(*world);
    }
    return testing::Test::HasFailure() ? 1 : 0;
  });
  if (!status) GTEST_SKIP() << "no namespaces here: " << status.error().text();
  EXPECT_EQ(*status, 0) << "see the output of the child above";
}

}  // namespace mailweir
