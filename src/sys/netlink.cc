#include "sys/netlink.h"

#include <libmnl/libmnl.h>
#include <linux/filter.h>
#include <linux/netlink.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstring>
#include <optional>

namespace mailweir {
namespace {

// The kernel answers with at most 128 KiB in one message (NFLOG with the largest nlbufsiz; dumps use 32 KiB).
constexpr std::size_t kReceiveBytes = std::size_t{256} * 1024;

std::size_t set_buffer(int fd, int forced, int plain, std::size_t bytes) {
  const int wanted = static_cast<int>(bytes);
  if (setsockopt(fd, SOL_SOCKET, forced, &wanted, sizeof wanted) != 0) {
    (void)setsockopt(fd, SOL_SOCKET, plain, &wanted, sizeof wanted);
  }
  int granted = 0;
  socklen_t length = sizeof granted;
  if (getsockopt(fd, SOL_SOCKET, plain, &granted, &length) != 0) return 0;
  return static_cast<std::size_t>(granted);
}

std::optional<int> error_of(const NetlinkMessage& message) {
  if (message.type != NLMSG_ERROR || message.body.size() < sizeof(int)) return std::nullopt;
  int number = 0;
  std::memcpy(&number, message.body.data(), sizeof number);
  return -number;
}

}  // namespace

struct NetlinkSocket::State {
  struct Close {
    void operator()(mnl_socket* handle) const noexcept { mnl_socket_close(handle); }
  };
  std::unique_ptr<mnl_socket, Close> socket;
  std::vector<std::uint8_t> buffer = std::vector<std::uint8_t>(kReceiveBytes);
};

NetlinkSocket::NetlinkSocket(std::unique_ptr<State> state) : state_(std::move(state)) {}
NetlinkSocket::~NetlinkSocket() = default;
NetlinkSocket::NetlinkSocket(NetlinkSocket&&) noexcept = default;
NetlinkSocket& NetlinkSocket::operator=(NetlinkSocket&&) noexcept = default;

Result<NetlinkSocket> NetlinkSocket::open() {
  auto state = std::make_unique<State>();
  state->socket.reset(mnl_socket_open2(NETLINK_NETFILTER, SOCK_CLOEXEC | SOCK_NONBLOCK));
  if (!state->socket) return fail(Error::from_errno(errno, "opening a netlink socket", ErrorCode::Unsupported));
  if (mnl_socket_bind(state->socket.get(), 0, MNL_SOCKET_AUTOPID) != 0) {
    return fail(Error::from_errno(errno, "binding a netlink socket"));
  }
  return NetlinkSocket(std::move(state));
}

int NetlinkSocket::fd() const { return mnl_socket_get_fd(state_->socket.get()); }
std::uint32_t NetlinkSocket::port() const { return mnl_socket_get_portid(state_->socket.get()); }

Result<void> NetlinkSocket::join(std::uint32_t group) {
  int number = static_cast<int>(group);
  if (mnl_socket_setsockopt(state_->socket.get(), NETLINK_ADD_MEMBERSHIP, &number, sizeof number) != 0) {
    return fail(Error::from_errno(errno, "listening to netfilter events", ErrorCode::Unsupported));
  }
  return {};
}

std::size_t NetlinkSocket::receive_buffer(std::size_t bytes) {
  return set_buffer(fd(), SO_RCVBUFFORCE, SO_RCVBUF, bytes);
}

std::size_t NetlinkSocket::send_buffer(std::size_t bytes) { return set_buffer(fd(), SO_SNDBUFFORCE, SO_SNDBUF, bytes); }

Result<void> NetlinkSocket::filter(std::span<const sock_filter> program) {
  const sock_fprog attached{static_cast<unsigned short>(program.size()), const_cast<sock_filter*>(program.data())};
  if (setsockopt(fd(), SOL_SOCKET, SO_ATTACH_FILTER, &attached, sizeof attached) != 0) {
    return fail(Error::from_errno(errno, "filtering netfilter events in the kernel", ErrorCode::Unsupported));
  }
  return {};
}

Result<NetlinkSocket::Received> NetlinkSocket::receive() {
  for (;;) {
    const auto length = mnl_socket_recvfrom(state_->socket.get(), state_->buffer.data(), state_->buffer.size());
    if (length >= 0) {
      return Received{Received::Kind::Data, Bytes(state_->buffer).first(static_cast<std::size_t>(length))};
    }
    if (errno == EINTR) continue;
    if (errno == EAGAIN) return Received{};
    if (errno == ENOBUFS) return Received{Received::Kind::Overrun, {}};
    return fail(Error::from_errno(errno, "reading from netlink"));
  }
}

Result<void> NetlinkSocket::post(const NetlinkRequest& request) {
  const Bytes bytes = request.bytes();
  if (mnl_socket_sendto(state_->socket.get(), bytes.data(), bytes.size()) < 0) {
    return fail(Error::from_errno(errno, "asking the kernel", ErrorCode::Refused));
  }
  return {};
}

Result<void> NetlinkSocket::request(const NetlinkRequest& request, const OnMessage& on_message,
                                    const OnError& on_error) {
  if (auto sent = post(request); !sent) return sent;
  int first_error = 0;
  bool complete = false;
  bool overrun = false;
  for (;;) {
    auto received = receive();
    if (!received) return fail(std::move(received).error());
    if (received->kind == Received::Kind::Nothing) break;
    if (received->kind == Received::Kind::Overrun) overrun = true;
    while (const auto message = take_message(received->bytes)) {
      if (const auto number = error_of(*message)) {
        if (*number == 0 || message->sequence == request.acknowledged_sequence()) complete = true;
        if (*number == 0) continue;
        if (on_error) {
          on_error(message->sequence, *number);
        } else if (first_error == 0) {
          first_error = *number;
        }
      } else if (message->type == NLMSG_DONE) {
        complete = true;
      } else if (message->type >= NLMSG_MIN_TYPE && on_message) {
        on_message(*message);
      }
    }
  }
  if (first_error != 0) return fail(Error::from_errno(first_error, "the kernel refused", ErrorCode::Refused));
  if (overrun) return fail(ErrorCode::Limit, "the kernel's answer did not fit the receive buffer");
  if (!complete) return fail(ErrorCode::Io, "the kernel did not acknowledge a request");
  return {};
}

}  // namespace mailweir
