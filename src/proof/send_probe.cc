#include "proof/send_probe.h"

#include <poll.h>
#include <sys/socket.h>

#include <cerrno>

#include "sys/fd.h"
#include "sys/raw_probe.h"
#include "sys/socket_address.h"

namespace mailweir {
namespace {

// A dropped probe is not answered; its packet has met the rule long before. What should be answered may take a second
// attempt of TCP, which comes after a second.
constexpr Duration kSilence = std::chrono::milliseconds(300), kAnswer = std::chrono::milliseconds(2'500);

// Whoever listens at the other end, for as long as the probe takes.
Result<Fd> listen_at(const TestPacket& packet, bool everywhere) {
  const bool tcp = packet.protocol == Protocol::Tcp;
  Fd socket(::socket(packet.is_v4() ? AF_INET : AF_INET6,
                     (tcp ? SOCK_STREAM : SOCK_DGRAM) | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!socket.is_open()) return fail(Error::from_errno(errno, "opening a socket"));
  const int one = 1;
  setsockopt(socket.get(), SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
  const SocketAddress at(everywhere ? *IpAddress::parse(packet.is_v4() ? "0.0.0.0" : "::") : packet.to, packet.port);
  constexpr int kBacklog = 4096;
  if (bind(socket.get(), at.get(), at.length) != 0 || (tcp && ::listen(socket.get(), kBacklog) != 0))
    return fail(Error::from_errno(errno, "listening at the throw-away host"));
  return socket;
}

bool has_arrived(const Fd& socket) {
  pollfd waiting{socket.get(), POLLIN, 0};
  return poll(&waiting, 1, 0) == 1;
}

ProbeSocket socket_of(const Probe& probe, std::uint32_t mark) {
  ProbeSocket how;
  const TestPacket& packet = probe.packet;
  if (probe.from != ProbeFrom::Machine) {
    how.source = packet.from;
    how.interface = AttachedHost::kInterface;
  }
  how.source_port = packet.source_port;
  how.mark = mark;
  if (probe.borrow_owner) how.user = packet.user, how.group = packet.group;
  return how;
}

Result<ProbeAnswer> one_end(Result<ProbeEnd> end) {
  if (!end) return fail(std::move(end).error());
  return ProbeAnswer{{*end}, false};
}

Result<ProbeAnswer> unanswered(const Result<void>& sent) {
  if (!sent) return fail(sent.error());
  // It has met our rules when send() returned: a pair of interfaces delivers within the call, or a moment later.
  poll(nullptr, 0, static_cast<int>(std::chrono::milliseconds(50).count()));
  return ProbeAnswer{{ProbeEnd::NoAnswer}, false};
}

// The server the client knows, then the new ones, then the known one again.
Result<ProbeAnswer> send_throttled(const Probe& probe) {
  ProbeAnswer answer;
  const std::vector<IpAddress> known{probe.servers.front()};
  const std::vector<IpAddress> fresh(probe.servers.begin() + 1, probe.servers.end());
  for (const std::vector<IpAddress>* servers : {&known, &fresh, &known}) {
    auto ends = probe_connections(socket_of(probe, 0), *servers, probe.packet.port, kAnswer);
    if (!ends) return fail(std::move(ends).error());
    answer.ends.insert(answer.ends.end(), ends->begin(), ends->end());
  }
  return answer;
}

Result<ProbeAnswer> send_here(const Probe& probe, std::uint32_t mark) {
  const TestPacket& packet = probe.packet;
  // Of the answers to connections the way back counts: what comes in is the reply.
  const bool reply = packet.state == PacketState::Reply;
  const IpAddress to = reply ? packet.from : packet.to;
  const bool is_to_stop = probe.rule->effect == RuleEffect::Stop;
  const bool awaited =
      probe.rule->effect != RuleEffect::Stop && (probe.from != ProbeFrom::Machine || packet.loopback || reply);
  const Duration patience = probe.to_target || awaited ? kAnswer : kSilence;
  switch (probe.kind) {
    case ProbeKind::Connection: {
      if (probe.slow_client) return send_throttled(probe);
      const std::vector<IpAddress> servers(static_cast<std::size_t>(probe.count), to);
      auto ends = probe_connections(socket_of(probe, mark), servers, packet.port, patience);
      if (!ends) return fail(std::move(ends).error());
      return ProbeAnswer{std::move(*ends), false};
    }
    case ProbeKind::Datagram:
      return one_end(probe_datagram(socket_of(probe, mark), to, packet.port, kSilence));
    case ProbeKind::StrayAnswer:
      return unanswered(send_stray_answer(packet.from, to, packet.port));
    case ProbeKind::Ping:
      return one_end(probe_ping(packet.from, to, is_to_stop ? kSilence : kAnswer));
    case ProbeKind::Icmp6:
      return unanswered(send_icmp6(packet.from, to, AttachedHost::kInterface, packet.icmp_type, to));
  }
  return ProbeAnswer{};
}

}  // namespace

Result<ProbeAnswer> send_probe(const Probe& probe, ThrowAwayHosts& hosts, std::uint32_t mark) {
  std::optional<Fd> listener;
  if (probe.packet.hook == RuleHook::Forward) {
    AttachedHost* other = hosts.at(probe.from == ProbeFrom::Client ? ProbeFrom::Outside : ProbeFrom::Client);
    if (other == nullptr) return fail(ErrorCode::Refused, "no throw-away host at the other end");
    const InNamespace inside(other->inside());
    auto made = listen_at(probe.packet, probe.slow_client);
    if (!made) return fail(std::move(made).error());
    listener = std::move(*made);
  }
  std::optional<InNamespace> inside;
  if (AttachedHost* host = hosts.at(probe.from)) inside.emplace(host->inside());
  auto answer = send_here(probe, mark);
  if (answer && listener && probe.kind == ProbeKind::Datagram) answer->arrived = has_arrived(*listener);
  return answer;
}

}  // namespace mailweir
