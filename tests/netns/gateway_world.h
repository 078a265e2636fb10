// A client network, a masquerading gateway and a server network, joined by veth pairs, in the namespaces of one
// process.
//
// The process itself is in the gateway's namespace; sockets of the others are made inside theirs and used from
// anywhere. Clients: 172.16.0.2-9 and fd16:0:0:1::2 and fd16:0:0:2::2 (another client /64). Servers: 192.0.2.10-19,
// 2001:db8::10-19.
#pragma once

#include <functional>
#include <string>

#include "base/ip.h"
#include "base/result.h"
#include "sys/fd.h"
#include "sys/namespace.h"

namespace mailweir {

class GatewayWorld {
 public:
  // REQUIRES: inside run_enclosed.
  static Result<GatewayWorld> build();

  // Sockets. `connect` waits for the handshake and answers the errno of its end (0: established).
  struct Connected {
    Fd socket;
    int error = 0;
  };
  [[nodiscard]] Connected connect(const std::string& client, const std::string& server, std::uint16_t port) const;
  // Sends the SYN and does not wait.
  [[nodiscard]] Fd start(const std::string& client, const std::string& server, std::uint16_t port) const;
  [[nodiscard]] Fd listen(const std::string& server, std::uint16_t port) const;
  // Packets to that address or prefix vanish without an answer.
  void swallow(const std::string& servers) const;
  void in_server_network(const std::function<void()>& body) const;
  void in_client_network(const std::function<void()>& body) const;

 private:
  GatewayWorld(NetworkNamespace clients, NetworkNamespace servers)
      : clients_(std::move(clients)), servers_(std::move(servers)) {}
  NetworkNamespace clients_, servers_;
};

// Runs `body` as the gateway of a world of its own; skips the test visibly where no namespaces are allowed. Assertions
// inside fail the test.
void with_gateway(const std::function<void(GatewayWorld&)>& body);

}  // namespace mailweir
