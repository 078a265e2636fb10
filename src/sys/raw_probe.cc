#include "sys/raw_probe.h"

#include <net/if.h>
#include <netinet/icmp6.h>
#include <netinet/in.h>
#include <netinet/ip_icmp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "sys/fd.h"
#include "sys/socket_address.h"

namespace mailweir {
namespace {

Result<Fd> raw_socket(IpAddress source, int protocol, const std::string& interface = {}) {
  Fd socket(::socket(source.is_v4() ? AF_INET : AF_INET6, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, protocol));
  if (!socket.is_open()) return fail(Error::from_errno(errno, "opening a raw socket"));
  const SocketAddress from(source, 0, if_nametoindex(interface.c_str()));
  if (bind(socket.get(), from.get(), from.length) != 0) return fail(Error::from_errno(errno, "binding a raw socket"));
  return socket;
}

Result<void> send_to(const Fd& socket, std::span<const std::uint8_t> bytes, const SocketAddress& to) {
  if (sendto(socket.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL, to.get(), to.length) < 0)
    return fail(Error::from_errno(errno, "sending a probe"));
  return {};
}

void put16(std::span<std::uint8_t> bytes, std::size_t at, std::uint32_t value) {
  bytes[at] = static_cast<std::uint8_t>(value >> 8);
  bytes[at + 1] = static_cast<std::uint8_t>(value);
}

// Without the header that raw IPv4 sockets put before what they read.
std::span<const std::uint8_t> payload_of(std::span<const std::uint8_t> packet, bool v4) {
  if (!v4 || packet.empty()) return packet;
  const std::size_t header = std::size_t{4} * (packet[0] & 0x0fU);
  return packet.subspan(std::min(header, packet.size()));
}

}  // namespace

std::uint16_t internet_checksum(std::span<const std::uint8_t> bytes, std::uint32_t sum) {
  for (std::size_t i = 0; i < bytes.size(); ++i) sum += i % 2 == 0 ? std::uint32_t{bytes[i]} << 8 : bytes[i];
  while (sum >> 16 != 0) sum = (sum & 0xffff) + (sum >> 16);
  return static_cast<std::uint16_t>(~sum);
}

Result<void> send_stray_answer(IpAddress source, IpAddress destination, std::uint16_t port) {
  const auto socket = raw_socket(source, IPPROTO_TCP);
  if (!socket) return fail(socket.error());
  constexpr std::uint16_t kSourcePort = 25;
  constexpr std::uint8_t kSynAck = 0x12;
  std::array<std::uint8_t, 20> segment{};
  put16(segment, 0, kSourcePort);
  put16(segment, 2, port);
  segment[7] = 1, segment[11] = 1;  // sequence numbers
  segment[12] = 5 << 4;             // header of five words
  segment[13] = kSynAck;
  put16(segment, 14, 1024);  // window
  // RFC 9293 section 3.1; the sum is the same for both families, IPv4 addresses being the last words of the long form.
  std::array<std::uint8_t, 32> addresses{};
  source.write(std::span(addresses).first<16>());
  destination.write(std::span(addresses).last<16>());
  const std::span<const std::uint8_t> both(addresses);
  std::uint32_t sum = IPPROTO_TCP + static_cast<std::uint32_t>(segment.size());
  for (const auto& half : {both.first(16), both.last(16)}) {
    const auto counted = source.is_v4() ? half.last(4) : half;
    sum += static_cast<std::uint16_t>(~internet_checksum(counted));
  }
  put16(segment, 16, internet_checksum(segment, sum));
  return send_to(*socket, segment, SocketAddress(destination, 0));
}

Result<ProbeEnd> probe_ping(IpAddress source, IpAddress destination, Duration patience) {
  const bool v4 = source.is_v4();
  const auto socket = raw_socket(source, v4 ? int{IPPROTO_ICMP} : int{IPPROTO_ICMPV6});
  if (!socket) return fail(socket.error());
  const auto id = static_cast<std::uint16_t>(getpid());
  std::array<std::uint8_t, 8> echo{};
  echo[0] = v4 ? ICMP_ECHO : ICMP6_ECHO_REQUEST;
  put16(echo, 4, id);
  if (v4) put16(echo, 2, internet_checksum(echo));  // of ICMPv6 the kernel makes it
  const std::uint8_t answer = v4 ? ICMP_ECHOREPLY : ICMP6_ECHO_REPLY;
  if (auto sent = send_to(*socket, echo, SocketAddress(destination, 0)); !sent) {
    const int number = sent.error().number();
    if (number == ENETUNREACH || number == EHOSTUNREACH) return ProbeEnd::NoRoute;
    if (number == EPERM) return ProbeEnd::NoAnswer;  // a rule dropped it
    return fail(std::move(sent).error());
  }
  // Others' messages come in here too; a flood of them ends the wait, not the program.
  constexpr int kMessagesMax = 100;
  pollfd waiting{socket->get(), POLLIN, 0};
  const auto milliseconds = static_cast<int>(std::chrono::ceil<std::chrono::milliseconds>(patience).count());
  for (int i = 0; i < kMessagesMax && poll(&waiting, 1, milliseconds) == 1; ++i) {
    std::array<std::uint8_t, 256> packet{};
    const ssize_t length = recv(socket->get(), packet.data(), packet.size(), 0);
    if (length <= 0) continue;
    const auto message = payload_of(std::span(packet).first(static_cast<std::size_t>(length)), v4);
    if (message.size() >= 8 && message[0] == answer && message[4] == echo[4] && message[5] == echo[5])
      return ProbeEnd::Established;
  }
  return ProbeEnd::NoAnswer;
}

Result<void> send_icmp6(IpAddress source, IpAddress destination, const std::string& interface, std::uint8_t type,
                        IpAddress target) {
  const auto socket = raw_socket(source, IPPROTO_ICMPV6, interface);
  if (!socket) return fail(socket.error());
  constexpr int kHopsMax = 255;  // RFC 4861: what says that no router was passed
  setsockopt(socket->get(), IPPROTO_IPV6, IPV6_UNICAST_HOPS, &kHopsMax, sizeof kHopsMax);
  std::array<std::uint8_t, 24> message{};
  message[0] = type;
  target.write(std::span(message).last<16>());
  return send_to(*socket, message, SocketAddress(destination, 0, if_nametoindex(interface.c_str())));
}

}  // namespace mailweir
