// A netlink socket to the netfilter of this network namespace.
//
// Close-on-exec and non-blocking. One socket either asks (request) or listens (join, receive), so that answers and
// events never mix. Threads: one at a time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <vector>

#include "base/result.h"
#include "sys/netlink_attribute.h"
#include "sys/netlink_request.h"

struct sock_filter;  // linux/filter.h

namespace mailweir {

class NetlinkSocket {
 public:
  static Result<NetlinkSocket> open();
  ~NetlinkSocket();
  NetlinkSocket(NetlinkSocket&&) noexcept;
  NetlinkSocket& operator=(NetlinkSocket&&) noexcept;

  [[nodiscard]] int fd() const;
  [[nodiscard]] std::uint32_t port() const;  // as messages caused by our requests carry it

  Result<void> join(std::uint32_t group);  // NFNLGRP_*
  // Beyond the machine's limit when we may (CAP_NET_ADMIN of the first user namespace); answers what was granted.
  std::size_t receive_buffer(std::size_t bytes);
  std::size_t send_buffer(std::size_t bytes);
  // Only messages that this classic BPF program accepts are queued.
  Result<void> filter(std::span<const sock_filter> program);

  struct Received {
    enum class Kind : std::uint8_t { Data, Nothing, Overrun };  // Overrun: the kernel dropped messages (ENOBUFS)
    Kind kind = Kind::Nothing;
    Bytes bytes;  // valid until the next call
  };
  [[nodiscard]] Result<Received> receive();

  using OnMessage = std::function<void(const NetlinkMessage&)>;
  using OnError = std::function<void(std::uint32_t sequence, int number)>;
  // Sends all and reads every answer: data to `on_message`; an error fails the whole, unless `on_error` takes it.
  // Netfilter answers inside the call that sends, so nothing is waited for. REQUIRES: the last message asks for an
  // acknowledgement or is a dump.
  Result<void> request(const NetlinkRequest& request, const OnMessage& on_message = {}, const OnError& on_error = {});
  // Sends without asking how it went.
  Result<void> post(const NetlinkRequest& request);

 private:
  struct State;
  explicit NetlinkSocket(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace mailweir
