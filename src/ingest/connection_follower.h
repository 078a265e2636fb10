// Follows mail connections from packets to their outcome.
//
// In:  PacketSightings in time order, of captures (both sides) or of logs (one-sided captures).   Out:
// ConnectionEvents. Invariants
//   (1) Opened once per connection; Established and Judged at most once, after it. In time order, if the packets were.
//   (2) An outcome that the source cannot show is never invented: no Judged rather than a guess.
//   (3) Holds at most limits.connections_max connections. When there are more, those that ended go first, then the
//       oldest; both are counted.
//   (4) Connections are independent: a follower fed only some clients' packets says the same about them, as long as
//       the limit was not reached and both were told the end of the recording (advance) before finish().
// What each view can show
//   TwoSided      Opened, Established (SYN-ACK and the client's ACK), and every outcome. NoAnswer: nothing came back
//   for
//                 answer_wait. A connection whose answers were not recorded, though its client goes on, becomes
//                 OneSided.
//   OneSided      Established: the client goes on after its SYN. NoAnswer: the SYN came again, and nothing else for
//                 answer_wait. Short and Grey only when the client's own FIN or RST was seen. Never Refused.
//   FirstPackets  Opened.
// A reset after a SYN-ACK is Short without Established: nobody proved that the client saw the answer.
// Threads: one at a time.  Sources: docs/detection.md ("Outcomes"), RFC 9293, RFC 6298 (retransmission of SYNs).
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "record/connection_event.h"
#include "record/packet_sighting.h"

namespace mailweir {

struct FollowerLimits {
  std::uint32_t connections_max = 65'536;
  Duration answer_wait = std::chrono::seconds(10);  // counted from the first SYN
  Duration idle_max = std::chrono::minutes(10);     // nothing seen for so long: judged by what there is
  // How long an ended connection is remembered, so that its stragglers and repeated SYNs are not taken for new ones.
  // Linux waits at most 64 s between two SYNs (tcp_syn_retries 6).
  Duration linger = std::chrono::seconds(65);
};

struct FollowerCounters {
  std::uint64_t connections = 0;
  std::uint64_t given_up = 0;         // limit reached: how they end will not be told
  std::uint64_t forgotten = 0;        // limit reached: their stragglers, if any, are not known again
  std::uint64_t retransmissions = 0;  // SYNs
  std::uint64_t duplicates = 0;       // the same packet seen twice: logged by two rules, captured on two interfaces
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
  // Asks for the memory that observe() will look at, where others worked in between.
  void fetch() const;
  // What is due by then without a packet: no answers, idle connections.
  void advance(Time now, std::vector<ConnectionEvent>& out);
  // The recording ends, at the time of the last advance() or packet: judges what can be judged.
  void finish(std::vector<ConnectionEvent>& out);

  [[nodiscard]] FollowerCounters counters() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace mailweir
