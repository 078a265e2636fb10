#include "bench/support/packet_generator.h"

#include <arpa/inet.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <netinet/ip.h>
#include <netinet/tcp.h>
#include <netinet/udp.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

#include "base/must.h"
#include "bench/support/report.h"

namespace mailweir::bench {
namespace {

constexpr std::size_t kBatch = 64;
constexpr std::size_t kUdpPayload = 12;  // both kinds of packet are then of one size
constexpr std::size_t kFrame = ETH_HLEN + sizeof(iphdr) + sizeof(tcphdr);
// On the wire four bytes more. In the order of one cycle; a batch holds whole cycles.
constexpr std::size_t kSmall = 60, kMiddle = 590, kLarge = 1514;
constexpr std::size_t kImix[] = {kSmall, kSmall, kMiddle, kSmall, kSmall,  kMiddle,
                                 kSmall, kSmall, kMiddle, kSmall, kMiddle, kLarge};
constexpr std::size_t kImixBatch = kBatch / std::size(kImix) * std::size(kImix);
static_assert(sizeof(udphdr) + kUdpPayload == sizeof(tcphdr));

std::uint32_t sum_words(const void* data, std::size_t bytes, std::uint32_t sum) {
  for (std::size_t i = 0; i < bytes; i += 2) {
    std::uint16_t word = 0;
    std::memcpy(&word, static_cast<const std::uint8_t*>(data) + i, 2);
    sum += word;
  }
  return sum;
}

std::uint16_t folded(std::uint32_t sum) {
  sum = (sum & 0xffff) + (sum >> 16);
  sum = (sum & 0xffff) + (sum >> 16);
  return static_cast<std::uint16_t>(~sum);
}

struct Frame {
  std::array<std::uint8_t, kLarge> bytes{};
  std::size_t size = kFrame;
  [[nodiscard]] std::uint16_t behind_ip() const { return static_cast<std::uint16_t>(size - ETH_HLEN - sizeof(iphdr)); }
  iphdr* ip() { return reinterpret_cast<iphdr*>(bytes.data() + ETH_HLEN); }
  tcphdr* tcp() { return reinterpret_cast<tcphdr*>(ip() + 1); }
  udphdr* udp() { return reinterpret_cast<udphdr*>(ip() + 1); }
};

}  // namespace

struct PacketGenerator::State {
  Traffic traffic;
  Fd socket;
  alignas(64) std::array<Frame, kBatch> frames;
  std::array<iovec, kBatch> vectors{};
  std::array<mmsghdr, kBatch> messages{};
  std::uint64_t next = 0;
  [[nodiscard]] std::size_t batch() const { return traffic.imix ? kImixBatch : kBatch; }

  void prepare(Frame& frame) const {
    auto* ethernet = reinterpret_cast<ether_header*>(frame.bytes.data());
    std::memcpy(ethernet->ether_dhost, kGatewayMac, 6);
    std::memcpy(ethernet->ether_shost, kClientMac, 6);
    ethernet->ether_type = htons(ETHERTYPE_IP);
    iphdr* ip = frame.ip();
    ip->version = 4;
    ip->ihl = 5;
    ip->ttl = 64;
    ip->frag_off = htons(IP_DF);
    ip->tot_len = htons(static_cast<std::uint16_t>(frame.size - ETH_HLEN));
    ip->protocol = traffic.kind == Traffic::Kind::Udp ? IPPROTO_UDP : IPPROTO_TCP;
    if (traffic.kind == Traffic::Kind::Udp) {
      frame.udp()->dest = htons(traffic.port);
      frame.udp()->len = htons(frame.behind_ip());
    } else {
      frame.tcp()->dest = htons(traffic.port);
      frame.tcp()->doff = 5;
      frame.tcp()->window = htons(64'240);
      frame.tcp()->syn = traffic.kind == Traffic::Kind::TcpSyn;
      frame.tcp()->ack = traffic.kind == Traffic::Kind::TcpAck;
    }
  }

  void fill(Frame& frame, std::uint64_t number) const {
    const auto flow = static_cast<std::uint32_t>(traffic.flows == 0 ? number : number % traffic.flows);
    const auto lap = static_cast<std::uint32_t>(traffic.flows == 0 ? 0 : number / traffic.flows);
    const std::uint32_t client = flow % traffic.clients;
    const std::uint32_t round = flow / traffic.clients;
    iphdr* ip = frame.ip();
    ip->saddr = htonl(0xac10'0002 + client);
    ip->daddr = htonl(0xc612'0001 + (client * 7 + round * 257) % traffic.servers);
    ip->id = static_cast<std::uint16_t>(number);
    ip->check = 0;
    ip->check = folded(sum_words(ip, sizeof *ip, 0));
    const std::uint16_t port = htons(static_cast<std::uint16_t>(1024 + round % 60'000));
    if (traffic.kind == Traffic::Kind::Udp) {
      frame.udp()->source = port;
      return;  // no checksum: RFC 768 allows it
    }
    tcphdr* tcp = frame.tcp();
    tcp->source = port;
    // An established connection's packet stays the same: it is in its window for ever.
    tcp->seq = htonl(1'000 + (traffic.kind == Traffic::Kind::TcpSyn ? lap * 64'240 : 0));
    tcp->ack_seq = tcp->ack ? htonl(1) : 0;
    tcp->check = 0;
    const std::uint32_t pseudo =
        sum_words(&ip->saddr, 8, static_cast<std::uint32_t>(htons(IPPROTO_TCP)) + htons(frame.behind_ip()));
    tcp->check = folded(sum_words(tcp, sizeof *tcp, pseudo));
  }
};

PacketGenerator::PacketGenerator(std::unique_ptr<State> state) : state_(std::move(state)) {}
PacketGenerator::~PacketGenerator() = default;
PacketGenerator::PacketGenerator(PacketGenerator&&) noexcept = default;

Result<PacketGenerator> PacketGenerator::open(const Road& road, Traffic traffic) {
  const InNamespace inside(road.client);
  auto state = std::make_unique<State>();
  state->traffic = traffic;
  state->socket = Fd(socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0));
  const int one = 1;
  const int buffer = 4 << 20;
  sockaddr_ll address{};
  address.sll_family = AF_PACKET;
  address.sll_ifindex = static_cast<int>(if_nametoindex(kClientInterface));
  if (!state->socket.is_open() ||
      bind(state->socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    return fail(Error::from_errno(errno, "opening a packet socket"));
  }
  (void)setsockopt(state->socket.get(), SOL_PACKET, PACKET_QDISC_BYPASS, &one, sizeof one);
  (void)setsockopt(state->socket.get(), SOL_SOCKET, SO_SNDBUF, &buffer, sizeof buffer);
  for (std::size_t i = 0; i < kBatch; ++i) {
    if (traffic.imix) state->frames[i].size = kImix[i % std::size(kImix)];
    state->prepare(state->frames[i]);
    state->vectors[i] = {state->frames[i].bytes.data(), state->frames[i].size};
    state->messages[i].msg_hdr.msg_iov = &state->vectors[i];
    state->messages[i].msg_hdr.msg_iovlen = 1;
  }
  return PacketGenerator(std::move(state));
}

void PacketGenerator::send(std::uint64_t packets) {
  while (packets > 0) {
    const auto batch = static_cast<unsigned>(std::min<std::uint64_t>(packets, state_->batch()));
    for (unsigned i = 0; i < batch; ++i) state_->fill(state_->frames[i], state_->next + i);
    const int sent = sendmmsg(state_->socket.get(), state_->messages.data(), batch, 0);
    MUST(sent > 0 || errno == ENOBUFS || errno == EINTR || errno == EAGAIN);
    if (sent <= 0) continue;
    state_->next += static_cast<unsigned>(sent);
    packets -= static_cast<unsigned>(sent);
  }
}

std::uint64_t PacketGenerator::run(double seconds, double per_second) {
  const std::int64_t begin = monotonic_ns();
  const auto end = begin + static_cast<std::int64_t>(seconds * 1e9);
  std::uint64_t sent = 0;
  for (std::int64_t now = begin; now < end; now = monotonic_ns()) {
    // A paced sender that was held up does not catch up in one burst of more than a millisecond's worth.
    if (per_second > 0 && static_cast<double>(sent) >= per_second * static_cast<double>(now - begin) / 1e9) continue;
    send(state_->batch());
    sent += state_->batch();
  }
  return sent;
}

}  // namespace mailweir::bench
