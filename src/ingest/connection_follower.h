// Follows mail connections from packets to their outcome.
//
// In:  PacketSightings in time order, of captures (both sides) or of logs (one-sided captures).   Out:
// ConnectionEvents. Invariants
//   (1) Opened once per connection; Judged at most once, after it.
//   (2) An outcome that the source cannot show is never invented: no Judged rather than a guess.
//   (3) Holds at most limits.connections_max connections; the oldest is given up first, and counted.
//   (4) Connections are independent: a follower fed only some clients' packets says the same about them.
// Threads: one at a time.  Sources: docs/detection.md ("Outcomes"), RFC 9293.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "record/connection_event.h"
#include "record/packet_sighting.h"

namespace mailweir {

struct FollowerLimits {
  std::uint32_t connections_max = 65'536;
  Duration answer_wait = std::chrono::seconds(10);  // no SYN-ACK by then, or a SYN repeated: NoAnswer
  Duration idle_max = std::chrono::minutes(10);     // nothing seen for so long: judged by what there is
};

struct FollowerCounters {
  std::uint64_t connections = 0;
  std::uint64_t given_up = 0;         // limit reached
  std::uint64_t retransmissions = 0;  // SYNs
  std::uint64_t duplicates = 0;       // the same packet logged by two rules
  std::uint64_t midstream = 0;        // packets of connections whose opening was not seen
};

class ConnectionFollower {
 public:
  explicit ConnectionFollower(FollowerLimits limits = {});
  ~ConnectionFollower();
  ConnectionFollower(ConnectionFollower&&) noexcept;
  ConnectionFollower& operator=(ConnectionFollower&&) noexcept;

  // Appends what `packet` makes known to `out`. `from_client`: the packet goes from the client to the mail server.
  void observe(const PacketSighting& packet, bool from_client, std::vector<ConnectionEvent>& out);
  // What is due by then without a packet: no answers, idle connections.
  void advance(Time now, std::vector<ConnectionEvent>& out);
  // The recording ends: judges what can be judged.
  void finish(std::vector<ConnectionEvent>& out);

  [[nodiscard]] FollowerCounters counters() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace mailweir
