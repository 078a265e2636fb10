// What recent SYNs tell about a capture: which of them are translated copies, and whether answers can be seen in it.
//
// A capture on all interfaces of a NAT gateway shows each connection twice: the client's, and its copy with the
// gateway's address. Both SYNs carry the same sequence number to the same server. And a capture may show one direction
// only (asymmetric routes, a filter on SYN); then silence means nothing.
// In:  the TCP packets of mail ports, in order.
// Invariants
//   (1) Remembers at most kRemembered SYNs for each question, whatever comes.
//   (2) answers_seen() never goes back.
// Threads: one at a time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "base/time.h"
#include "packet/decode.h"

namespace mailweir {

class SynWatch {
 public:
  // True: the packet is the SYN of a translated copy.
  bool is_translated_copy(const TcpPacket& packet, Time time);
  // An answer to a remembered SYN came by: a SYN-ACK, or a reset.
  [[nodiscard]] bool answers_seen() const { return answers_seen_; }
  [[nodiscard]] bool syns_seen() const { return syns_seen_; }

 private:
  // Gateways forward within milliseconds and servers answer within a second: at 1,000 new mail connections a second
  // both still find their SYN more often than not.
  static constexpr std::size_t kRemembered = 1024;
  struct Syn {
    Time time;
    IpAddress client, server;
    std::uint32_t sequence = 0;
    std::uint16_t client_port = 0, server_port = 0, ip_id = 0;
  };
  using Slots = std::vector<Syn>;  // found by a hash; a later SYN replaces an earlier one

  Slots by_ports_ = Slots(kRemembered);     // for answers
  Slots by_sequence_ = Slots(kRemembered);  // for copies: NAT may change the client's port
  bool answers_seen_ = false, syns_seen_ = false;
};

}  // namespace mailweir
