#include "bench/support/road.h"

#include <fmt/format.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_conntrack.h>
#include <linux/netlink.h>

#include <cstdlib>
#include <fstream>
#include <sstream>

#include "base/must.h"
#include "bench/support/report.h"
#include "sys/netlink.h"
#include "sys/process.h"

namespace mailweir::bench {
namespace {

void run_program(const std::vector<std::string>& command, const std::string& input) {
  const auto ran = run_process(command, input);
  if (ran && ran->status == 0) return;
  fmt::print(stderr, "{}: {}\n", command.front(), ran ? ran->err : ran.error().text());
  std::exit(4);
}

}  // namespace

void run_shell(const std::string& script) { run_program({"sh", "-e"}, script); }

double run_nft(const std::string& text) {
  const auto begin = monotonic_ns();
  run_program({"nft", "-f", "-"}, text);
  return static_cast<double>(monotonic_ns() - begin) / 1e9;
}

Result<Road> Road::build(bool masquerade) {
  auto client = NetworkNamespace::create();
  auto server = NetworkNamespace::create();
  if (!client) return fail(client.error());
  if (!server) return fail(server.error());
  run_shell(
      "ip link add inner address 02:00:00:00:00:02 type veth peer name uplink address 02:00:00:00:00:01 netns " +
      client->path() +
      "\nip link add outer address 02:00:00:00:00:03 type veth peer name uplink address 02:00:00:00:00:04 netns " +
      server->path() + R"(
ip addr add 10.255.0.1/30 dev inner
ip addr add 192.0.2.1/24 dev outer
echo 0 > /proc/sys/net/ipv4/conf/all/rp_filter
echo 0 > /proc/sys/net/ipv4/conf/inner/rp_filter
echo 1 > /proc/sys/net/ipv4/ip_forward
ip link set inner up
ip link set outer up
ip neigh add 10.255.0.2 lladdr 02:00:00:00:00:01 dev inner
ip neigh add 192.0.2.2 lladdr 02:00:00:00:00:04 dev outer
ip route add 172.16.0.0/12 via 10.255.0.2
ip route add default via 192.0.2.2
)");
  {
    const InNamespace inside(*client);
    run_shell("ip link set uplink up\n");
  }
  {
    const InNamespace inside(*server);
    run_shell("ip link set uplink up\n");
    run_nft(R"(
add table netdev sink
add chain netdev sink in { type filter hook ingress device "uplink" priority 0; policy drop; }
)");
  }
  if (masquerade) {
    run_nft(R"(
add table inet nat
add chain inet nat post { type nat hook postrouting priority srcnat; }
add rule inet nat post oifname "outer" masquerade
)");
  }
  return Road{std::move(*client), std::move(*server)};
}

std::uint64_t forwarded_packets() {
  std::ifstream devices("/proc/thread-self/net/dev");
  for (std::string line; std::getline(devices, line);) {
    const auto colon = line.find(':');
    if (colon == std::string::npos || line.find("outer") > colon) continue;
    std::istringstream fields(line.substr(colon + 1));
    std::uint64_t field = 0;
    for (int i = 0; i <= 9; ++i) fields >> field;  // eight of receiving, bytes sent, packets sent
    return field;
  }
  return 0;
}

void forget_tracked_connections() {
  auto socket = NetlinkSocket::open();
  MUST(socket);
  NetlinkRequest request(256);
  request.message(NFNL_SUBSYS_CTNETLINK << 8 | IPCTNL_MSG_CT_DELETE, NLM_F_ACK, 2);  // AF_INET; of no tuple: all
  (void)socket->request(request);                                                    // fails where nothing tracks
}

}  // namespace mailweir::bench
