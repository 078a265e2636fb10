// The machine a ruleset is simulated on: what routing and sockets would say.
//
// Known from the live machine, from the person who asks, or assumed (assumed_machine).
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/ip.h"
#include "simulate/connection_table.h"

namespace mailweir::rules {

struct SimulatedMachine {
  struct Interface {
    std::string name;
    std::vector<IpAddress> addresses;  // the first of a family is what packets of our own leave with
  };
  struct Route {
    IpPrefix to;
    std::string interface;
  };
  std::vector<Interface> interfaces;              // without lo: it is always there
  std::vector<Route> routes;                      // the longest prefix wins
  std::vector<std::uint16_t> open_tcp, open_udp;  // ports somebody listens on, on every address
  bool forwarding = true;
  // What a packet without a socket here brings about: resets and ICMP errors. False: nobody answers.
  bool answers = true;
  // False: who listens is not known, so what is delivered is taken in silence; rules that reject still answer.
  bool knows_sockets = true;
  ConnectionSettings connections;

  [[nodiscard]] bool is_local(const IpAddress& address) const;
  // The interface a packet to that address leaves by, "lo" for our own addresses. Nothing: no route.
  [[nodiscard]] std::optional<std::string> route(const IpAddress& address) const;
  // What masquerading puts in: the first address of that family.
  [[nodiscard]] std::optional<IpAddress> source_address(std::string_view interface, bool v4) const;
};

// 127.0.0.0/8 and ::1.
[[nodiscard]] bool is_loopback(const IpAddress& address);
[[nodiscard]] bool is_multicast(const IpAddress& address);
// 255.255.255.255; a network's own broadcast address is not known here.
[[nodiscard]] bool is_broadcast(const IpAddress& address);

}  // namespace mailweir::rules
