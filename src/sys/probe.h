// Attempts to reach somebody, for seeing what happens to them. In the network namespace of the calling thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/ip.h"
#include "base/result.h"
#include "base/time.h"

namespace mailweir {

enum class ProbeEnd : std::uint8_t {
  Established,  // of a datagram or a ping: an answer came
  Refused,      // answered with a reset, or an ICMP error
  NoAnswer,     // within the time
  NoRoute,      // it never left: this machine knows no way there
};

// How the socket is made.
struct ProbeSocket {
  std::optional<IpAddress> source;
  std::uint16_t source_port = 0;
  std::uint32_t mark = 0;                    // SO_MARK, unless 0
  std::optional<std::uint32_t> user, group;  // its owner; needs CAP_SETUID and CAP_SETGID
  std::string interface;                     // for link-local and multicast addresses
};

// A TCP connection to each of the servers, begun together, reset as soon as all have ended or `patience` is over. The
// first packets have passed this machine's own rules when this returns, whatever the answers. REQUIRES: one family.
[[nodiscard]] Result<std::vector<ProbeEnd>> probe_connections(const ProbeSocket& how,
                                                              const std::vector<IpAddress>& servers, std::uint16_t port,
                                                              Duration patience);
// An empty UDP datagram. Broadcast and multicast addresses are allowed.
[[nodiscard]] Result<ProbeEnd> probe_datagram(const ProbeSocket& how, IpAddress server, std::uint16_t port,
                                              Duration patience);

// Whether this machine knows a way to that address. Sends nothing.
[[nodiscard]] bool has_way_to(IpAddress address);

}  // namespace mailweir
