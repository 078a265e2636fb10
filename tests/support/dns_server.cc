#include "tests/support/dns_server.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>

#include <array>

#include "base/must.h"
#include "packet/bytes.h"

namespace mailweir::testing {
namespace {

sockaddr_in address_of(const Endpoint& endpoint) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(endpoint.port);
  address.sin_addr.s_addr = htonl(endpoint.address.v4_bits());
  return address;
}

bool bind_to(const Fd& fd, const Endpoint& endpoint) {
  const sockaddr_in address = address_of(endpoint);
  return bind(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
}

}  // namespace

DnsServer::DnsServer(IpAddress address) : endpoint_{address, 0}, stop_(eventfd(0, EFD_CLOEXEC)) {
  for (int tries = 0; tries < 100; ++tries) {
    udp_ = Fd(socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    tcp_ = Fd(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    MUST(bind_to(udp_, {address, 0}));
    sockaddr_in bound{};
    socklen_t length = sizeof bound;
    MUST(getsockname(udp_.get(), reinterpret_cast<sockaddr*>(&bound), &length) == 0);
    endpoint_.port = ntohs(bound.sin_port);
    if (bind_to(tcp_, endpoint_) && listen(tcp_.get(), 64) == 0) return;
  }
  MUST(!"a port that is free for both transports");
}

DnsServer::~DnsServer() {
  if (!thread_.joinable()) return;
  eventfd_write(stop_.get(), 1);
  thread_.join();
}

void DnsServer::start(const DnsWorld& world) {
  world_ = &world;
  thread_ = std::thread([this] { run(); });
}

void DnsServer::run() {
  std::array<pollfd, 3> waits{{{stop_.get(), POLLIN, 0}, {udp_.get(), POLLIN, 0}, {tcp_.get(), POLLIN, 0}}};
  while (poll(waits.data(), waits.size(), -1) > 0 && waits[0].revents == 0) {
    if (waits[1].revents != 0) serve_udp();
    if (waits[2].revents != 0) serve_tcp();
  }
}

std::vector<std::uint8_t> DnsServer::reply_to(std::span<const std::uint8_t> bytes, bool tcp) const {
  const auto asked = read_question(bytes);
  if (!asked) return {};
  return world_->reply(endpoint_, asked->question, asked->id, tcp);
}

void DnsServer::serve_udp() {
  std::array<std::uint8_t, 4096> buffer;
  sockaddr_in from{};
  socklen_t length = sizeof from;
  const ssize_t got =
      recvfrom(udp_.get(), buffer.data(), buffer.size(), 0, reinterpret_cast<sockaddr*>(&from), &length);
  if (got <= 0) return;
  ++udp_count_;
  const auto reply = reply_to({buffer.data(), static_cast<std::size_t>(got)}, false);
  if (!reply.empty())
    sendto(udp_.get(), reply.data(), reply.size(), 0, reinterpret_cast<const sockaddr*>(&from), length);
}

// One question a connection; whoever sends half of one is cut off.
void DnsServer::serve_tcp() {
  const Fd peer(accept4(tcp_.get(), nullptr, nullptr, SOCK_CLOEXEC));
  const timeval patience{.tv_sec = 1, .tv_usec = 0};
  setsockopt(peer.get(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  std::array<std::uint8_t, 2> head{};
  if (recv(peer.get(), head.data(), head.size(), MSG_WAITALL) != 2) return;
  std::vector<std::uint8_t> bytes(read_u16(head, 0));
  if (recv(peer.get(), bytes.data(), bytes.size(), MSG_WAITALL) != static_cast<ssize_t>(bytes.size())) return;
  ++tcp_count_;
  std::vector<std::uint8_t> reply = reply_to(bytes, true);
  reply.insert(reply.begin(), {static_cast<std::uint8_t>(reply.size() >> 8), static_cast<std::uint8_t>(reply.size())});
  send(peer.get(), reply.data(), reply.size(), MSG_NOSIGNAL);
}

}  // namespace mailweir::testing
