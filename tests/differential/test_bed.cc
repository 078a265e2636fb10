#include "tests/differential/test_bed.h"

#include <arpa/inet.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_conntrack.h>
#include <linux/netlink.h>
#include <net/if.h>
#include <netinet/in.h>
#include <poll.h>
#include <sched.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "base/must.h"
#include "sys/kernel_setting.h"
#include "sys/namespace.h"
#include "sys/process.h"

namespace mailweir::rules::differential {
namespace {

constexpr std::array<std::uint8_t, 6> kOurMac{2, 0, 0, 0, 0, 1}, kTheirMac{2, 0, 0, 0, 0, 2};
constexpr std::uint16_t kMarkerType = 0x88b5;  // IEEE 802 local experimental

Fd packet_socket(const char* interface, std::uint16_t type) {
  Fd socket(::socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, htons(type)));
  MUST(socket.get() >= 0);
  sockaddr_ll address{};
  address.sll_family = AF_PACKET;
  address.sll_protocol = htons(type);
  address.sll_ifindex = static_cast<int>(if_nametoindex(interface));
  MUST(bind(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
  const int bytes = 64 << 20;
  (void)setsockopt(socket.get(), SOL_SOCKET, SO_RCVBUFFORCE, &bytes, sizeof bytes);
  return socket;
}

Fd raw_socket(int family) {
  Fd socket(::socket(family, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_RAW));
  MUST(socket.get() >= 0);
  if (family == AF_INET6) {
    const int on = 1;
    MUST(setsockopt(socket.get(), IPPROTO_IPV6, IPV6_HDRINCL, &on, sizeof on) == 0);
  }
  const int bytes = 16 << 20;
  (void)setsockopt(socket.get(), SOL_SOCKET, SO_SNDBUFFORCE, &bytes, sizeof bytes);
  return socket;
}

void put_frame(int wire, std::uint16_t type, std::span<const std::uint8_t> body) {
  Octets frame(kOurMac.begin(), kOurMac.end());
  frame.insert(frame.end(), kTheirMac.begin(), kTheirMac.end());
  frame.push_back(static_cast<std::uint8_t>(type >> 8));
  frame.push_back(static_cast<std::uint8_t>(type));
  frame.insert(frame.end(), body.begin(), body.end());
  while (::send(wire, frame.data(), frame.size(), 0) < 0) MUST(errno == ENOBUFS || errno == EAGAIN || errno == EINTR);
}

}  // namespace

Result<std::string> run_program(const std::vector<std::string>& arguments, const std::string& input) {
  auto ran = run_process(arguments, input);
  if (!ran) return fail(ran.error());
  if (ran->status != 0) return fail(ErrorCode::Refused, arguments.front() + " says: " + ran->err);
  return std::move(ran->out);
}

TestBed::TestBed(Fd left, Fd right, Fd tap, Fd raw4, Fd raw6, NetlinkSocket netlink)
    : wires_{std::move(left), std::move(right)},
      tap_(std::move(tap)),
      raw4_(std::move(raw4)),
      raw6_(std::move(raw6)),
      netlink_(std::move(netlink)) {}

SimulatedMachine TestBed::machine() {
  const auto ip = [](const char* text) { return IpAddress::parse(text).value(); };
  const auto prefix = [](const char* text) { return IpPrefix::parse(text).value(); };
  SimulatedMachine machine;
  machine.interfaces = {{"left", {ip("10.1.0.1"), ip("fd01::1")}}, {"right", {ip("198.51.100.1"), ip("fd02::1")}}};
  machine.routes = {{prefix("10.1.0.0/24"), "left"}, {prefix("172.16.0.0/12"), "left"}, {prefix("fd01::/64"), "left"},
                    {prefix("fd16::/16"), "left"},   {prefix("0.0.0.0/0"), "right"},    {prefix("::/0"), "right"}};
  return machine;
}

Result<TestBed> TestBed::build() {
  cpu_set_t one;
  CPU_ZERO(&one);
  CPU_SET(static_cast<unsigned>(sched_getcpu()), &one);
  (void)sched_setaffinity(0, sizeof one, &one);
  auto neighbours = NetworkNamespace::create();
  if (!neighbours) return fail(neighbours.error());
  // Messages of neighbour discovery and group membership come when they like: they must not meet the rules under test.
  const auto made = run_program({"sh", "-e"}, R"(
for pair in "left wire0" "right wire1"; do
  set -- $pair
  ip link add $1 address 02:00:00:00:00:01 type veth peer name $2 address 02:00:00:00:00:02 netns )" +
                                                  neighbours->path() + R"(
  ip link set $1 addrgenmode none
  echo 0 > /proc/sys/net/ipv6/conf/$1/accept_ra
  echo 0 > /proc/sys/net/ipv6/conf/$1/router_solicitations
done
for each in all default left right lo; do echo 0 > /proc/sys/net/ipv4/conf/$each/rp_filter; done
echo 1 > /proc/sys/net/ipv4/ip_forward
echo 1 > /proc/sys/net/ipv6/conf/all/forwarding
for each in all default left right; do echo 0 > /proc/sys/net/ipv4/conf/$each/send_redirects; done
echo 0 > /proc/sys/net/ipv4/icmp_ratelimit
echo 1000000 > /proc/sys/net/ipv4/icmp_msgs_per_sec 2>/dev/null || true
echo 1000000 > /proc/sys/net/ipv4/icmp_msgs_burst 2>/dev/null || true
echo 0 > /proc/sys/net/ipv6/icmp/ratelimit
nft 'table inet quiet {
  chain in { type filter hook prerouting priority -450; icmpv6 type { 130-136, 143 } drop; }
  chain out { type filter hook output priority -450; icmpv6 type { 130-136, 143 } drop; }
}'
ip addr add 10.1.0.1/24 dev left
ip addr add 198.51.100.1/24 dev right
ip -6 addr add fd01::1/64 dev left nodad
ip -6 addr add fd02::1/64 dev right nodad
ip link set left up
ip link set right up
ip neigh add 10.1.0.2 lladdr 02:00:00:00:00:02 dev left nud permanent
ip neigh add 198.51.100.2 lladdr 02:00:00:00:00:02 dev right nud permanent
ip -6 neigh add fd01::2 lladdr 02:00:00:00:00:02 dev left nud permanent
ip neigh add 198.51.100.77 lladdr 02:00:00:00:00:02 dev right nud permanent
ip neigh add 10.1.0.77 lladdr 02:00:00:00:00:02 dev left nud permanent
ip -6 neigh add fd02::77 lladdr 02:00:00:00:00:02 dev right nud permanent
ip -6 neigh add fd02::2 lladdr 02:00:00:00:00:02 dev right nud permanent
ip route add 172.16.0.0/12 via 10.1.0.2
ip route add default via 198.51.100.2
ip -6 route add fd16::/16 via fd01::2
ip -6 route add default via fd02::2
)");
  if (!made) return fail(made.error());
  Fd wires[2];
  {
    const InNamespace there(*neighbours);
    const auto up = run_program({"sh", "-e"}, R"(
for wire in wire0 wire1; do
  echo 1 > /proc/sys/net/ipv6/conf/$wire/disable_ipv6
  ip link set $wire arp off up
done
)");
    if (!up) return fail(up.error());
    wires[0] = packet_socket("wire0", ETH_P_ALL);
    wires[1] = packet_socket("wire1", ETH_P_ALL);
  }
  auto netlink = NetlinkSocket::open();
  if (!netlink) return fail(netlink.error());
  return TestBed(std::move(wires[0]), std::move(wires[1]), packet_socket("left", kMarkerType), raw_socket(AF_INET),
                 raw_socket(AF_INET6), std::move(*netlink));
}

void TestBed::inject(Side from, const Octets& ip) {
  put_frame(wires_[static_cast<std::size_t>(from)].get(), ip[0] >> 4 == 4 ? ETH_P_IP : ETH_P_IPV6, ip);
}

void TestBed::send(const Octets& ip) {
  if (ip[0] >> 4 == 4) {
    sockaddr_in to{};
    to.sin_family = AF_INET;
    std::memcpy(&to.sin_addr, ip.data() + 16, 4);
    (void)sendto(raw4_.get(), ip.data(), ip.size(), 0, reinterpret_cast<const sockaddr*>(&to), sizeof to);
  } else {
    sockaddr_in6 to{};
    to.sin6_family = AF_INET6;
    std::memcpy(&to.sin6_addr, ip.data() + 24, 16);
    (void)sendto(raw6_.get(), ip.data(), ip.size(), 0, reinterpret_cast<const sockaddr*>(&to), sizeof to);
  }
}

void TestBed::settle() {
  // A packet over lo queues behind the frame that made it, and may bring about another: several rounds.
  for (int round = 0; round != 6; ++round) {
    ++marker_;
    const std::array<std::uint8_t, 4> mark{static_cast<std::uint8_t>(marker_ >> 24),
                                           static_cast<std::uint8_t>(marker_ >> 16),
                                           static_cast<std::uint8_t>(marker_ >> 8), static_cast<std::uint8_t>(marker_)};
    put_frame(wires_[0].get(), kMarkerType, mark);
    for (;;) {
      pollfd waiting{tap_.get(), POLLIN, 0};
      MUST(poll(&waiting, 1, 30'000) == 1);
      std::array<std::uint8_t, 64> frame{};
      const ssize_t length = recv(tap_.get(), frame.data(), frame.size(), 0);
      if (length >= 18 && std::memcmp(frame.data() + 14, mark.data(), mark.size()) == 0) break;
    }
  }
}

std::vector<std::string> TestBed::emitted() {
  std::vector<std::string> lines;
  std::array<std::uint8_t, 2048> frame{};
  for (const Fd& wire : wires_) {
    for (;;) {
      sockaddr_ll from{};
      socklen_t size = sizeof from;
      const ssize_t length =
          recvfrom(wire.get(), frame.data(), frame.size(), 0, reinterpret_cast<sockaddr*>(&from), &size);
      if (length < 0) break;
      if (from.sll_pkttype == PACKET_OUTGOING || length <= 14) continue;  // what we put in ourselves
      const auto line =
          emitted_line(std::span<const std::uint8_t>(frame).subspan(14, static_cast<std::size_t>(length) - 14));
      if (line) lines.push_back(*line);
    }
  }
  return lines;
}

Result<void> TestBed::forget_connections() {
  NetlinkRequest request(4096);
  request.message(NFNL_SUBSYS_CTNETLINK << 8 | IPCTNL_MSG_CT_DELETE, NLM_F_ACK, AF_UNSPEC);
  request.ask_acknowledgement();
  return netlink_.request(request);
}

Result<void> TestBed::set(const std::string& setting, long value) { return write_kernel_setting(setting, value); }

}  // namespace mailweir::rules::differential
