// A DnsWorld behind real sockets: UDP and TCP on loopback addresses, served by one thread until the end of the object.
#pragma once

#include <atomic>
#include <memory>
#include <thread>
#include <vector>

#include "sys/fd.h"
#include "tests/support/dns_world.h"

namespace mailweir::testing {

class DnsServer {
 public:
  // Binds `address` on a free port, the same for both transports.
  explicit DnsServer(IpAddress address = IpAddress::v4(0x7f00'0001));
  ~DnsServer();
  DnsServer(const DnsServer&) = delete;
  DnsServer& operator=(const DnsServer&) = delete;

  [[nodiscard]] const Endpoint& endpoint() const { return endpoint_; }
  // The world must outlive the server and not change while it serves.
  void start(const DnsWorld& world);
  [[nodiscard]] unsigned over_udp() const { return udp_count_; }
  [[nodiscard]] unsigned over_tcp() const { return tcp_count_; }

 private:
  void run();
  void serve_udp();
  void serve_tcp();
  [[nodiscard]] std::vector<std::uint8_t> reply_to(std::span<const std::uint8_t> bytes, bool tcp) const;

  Endpoint endpoint_;
  Fd udp_, tcp_, stop_;
  const DnsWorld* world_ = nullptr;
  std::atomic<unsigned> udp_count_ = 0, tcp_count_ = 0;
  std::thread thread_;
};

}  // namespace mailweir::testing
