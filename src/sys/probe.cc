#include "sys/probe.h"

#include <net/if.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/fsuid.h>
#include <sys/socket.h>
#include <sys/timerfd.h>

#include <algorithm>
#include <cerrno>

#include "sys/fd.h"
#include "sys/socket_address.h"

namespace mailweir {
namespace {

ProbeEnd end_of(int number) {
  switch (number) {
    case 0:
      return ProbeEnd::Established;
    case ENETUNREACH:
    case EADDRNOTAVAIL:
      return ProbeEnd::NoRoute;
    case ETIMEDOUT:
    case EHOSTUNREACH:  // nobody answered for the address
    case EPERM:         // a rule dropped it in the output hook
      return ProbeEnd::NoAnswer;
    default:
      return ProbeEnd::Refused;
  }
}

// Sockets made while it lives belong to somebody else: rules compare what the thread's file system ids were then.
class BorrowedOwner {
 public:
  explicit BorrowedOwner(const ProbeSocket& how) {
    if (how.group) group_ = setfsgid(*how.group);
    if (how.user) user_ = setfsuid(*how.user);
    // Neither call tells whether it worked; asking for nobody answers who we are.
    taken_ = (!how.group || static_cast<std::uint32_t>(setfsgid(static_cast<gid_t>(-1))) == *how.group) &&
             (!how.user || static_cast<std::uint32_t>(setfsuid(static_cast<uid_t>(-1))) == *how.user);
  }
  ~BorrowedOwner() {
    if (user_) setfsuid(static_cast<uid_t>(*user_));
    if (group_) setfsgid(static_cast<gid_t>(*group_));
  }
  BorrowedOwner(const BorrowedOwner&) = delete;
  BorrowedOwner& operator=(const BorrowedOwner&) = delete;
  [[nodiscard]] bool taken() const { return taken_; }

 private:
  std::optional<int> user_, group_;
  bool taken_ = false;
};

// Without a value: this machine has no such family.
Result<std::optional<Fd>> open_socket(const ProbeSocket& how, bool v4, int type) {
  const BorrowedOwner owner(how);
  if (!owner.taken()) return fail(ErrorCode::NotPermitted, "taking another user's place for a probe");
  Fd socket(::socket(v4 ? AF_INET : AF_INET6, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!socket.is_open()) {
    if (errno == EAFNOSUPPORT) return std::optional<Fd>();
    return fail(Error::from_errno(errno, "opening a socket"));
  }
  // Closed with a reset: nothing of the attempt stays, in this kernel or the other.
  const linger at_once{.l_onoff = 1, .l_linger = 0};
  setsockopt(socket.get(), SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
  if (how.mark != 0 && setsockopt(socket.get(), SOL_SOCKET, SO_MARK, &how.mark, sizeof how.mark) != 0)
    return fail(Error::from_errno(errno, "marking a probe"));
  if (how.source || how.source_port != 0) {
    const IpAddress any = *IpAddress::parse(v4 ? "0.0.0.0" : "::");
    const SocketAddress from(how.source.value_or(any), how.source_port, if_nametoindex(how.interface.c_str()));
    if (bind(socket.get(), from.get(), from.length) != 0)
      return fail(Error::from_errno(errno, "binding a probe's socket to its source"));
  }
  return std::optional<Fd>(std::move(socket));
}

int pending_error(const Fd& socket) {
  int number = 0;
  socklen_t length = sizeof number;
  getsockopt(socket.get(), SOL_SOCKET, SO_ERROR, &number, &length);
  return number;
}

timespec timespec_of(Duration duration) {
  const auto whole = std::chrono::floor<std::chrono::seconds>(duration);
  return {whole.count(), std::chrono::nanoseconds(duration - whole).count()};
}

}  // namespace

Result<std::vector<ProbeEnd>> probe_connections(const ProbeSocket& how, const std::vector<IpAddress>& servers,
                                                std::uint16_t port, Duration patience) {
  std::vector<ProbeEnd> ends(servers.size(), ProbeEnd::NoAnswer);
  std::vector<Fd> sockets;
  std::vector<pollfd> waiting;
  for (std::size_t i = 0; i < servers.size(); ++i) {
    const SocketAddress to(servers[i], port, if_nametoindex(how.interface.c_str()));
    auto socket = open_socket(how, servers[i].is_v4(), SOCK_STREAM);
    if (!socket) return fail(std::move(socket).error());
    pollfd wait{-1, POLLOUT, 0};  // negative: poll passes it over
    if (!*socket) return std::vector<ProbeEnd>(ends.size(), ProbeEnd::NoRoute);
    const int number = ::connect((*socket)->get(), to.get(), to.length) == 0 ? 0 : errno;
    if (number == EINPROGRESS) wait.fd = (*socket)->get();
    // A rule in the output hook can answer at once.
    if (number != EINPROGRESS) ends[i] = end_of(number);
    sockets.push_back(std::move(**socket));
    waiting.push_back(wait);
  }
  const Fd timer(timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC));
  const itimerspec over{.it_interval = {}, .it_value = timespec_of(patience)};
  if (!timer.is_open() || timerfd_settime(timer.get(), 0, &over, nullptr) != 0)
    return fail(Error::from_errno(errno, "making a timer"));
  waiting.push_back({timer.get(), POLLIN, 0});
  for (;;) {
    const bool pending = std::any_of(waiting.begin(), waiting.end() - 1, [](const pollfd& one) { return one.fd >= 0; });
    if (!pending) return ends;
    if (poll(waiting.data(), waiting.size(), -1) < 0 && errno != EINTR)
      return fail(Error::from_errno(errno, "waiting for a probe"));
    for (std::size_t i = 0; i < sockets.size(); ++i) {
      if (waiting[i].fd < 0 || waiting[i].revents == 0) continue;
      ends[i] = end_of(pending_error(sockets[i]));
      waiting[i].fd = -1;
    }
    if (waiting.back().revents != 0) return ends;
  }
}

Result<ProbeEnd> probe_datagram(const ProbeSocket& how, IpAddress server, std::uint16_t port, Duration patience) {
  auto socket = open_socket(how, server.is_v4(), SOCK_DGRAM);
  if (!socket) return fail(std::move(socket).error());
  if (!*socket) return ProbeEnd::NoRoute;
  const int fd = (*socket)->get();
  const int one = 1;
  setsockopt(fd, SOL_SOCKET, SO_BROADCAST, &one, sizeof one);
  const SocketAddress to(server, port, if_nametoindex(how.interface.c_str()));
  // Connected, so that the socket hears of ICMP errors.
  if (::connect(fd, to.get(), to.length) != 0 || send(fd, nullptr, 0, MSG_NOSIGNAL) != 0) return end_of(errno);
  pollfd waiting{fd, POLLIN, 0};
  if (poll(&waiting, 1, static_cast<int>(std::chrono::ceil<std::chrono::milliseconds>(patience).count())) != 1)
    return ProbeEnd::NoAnswer;
  return end_of(pending_error(**socket));
}

bool has_way_to(IpAddress address) {
  const Fd socket(::socket(address.is_v4() ? AF_INET : AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  const SocketAddress to(address, 9);
  return socket.is_open() && ::connect(socket.get(), to.get(), to.length) == 0;
}

}  // namespace mailweir
