// Mail connections through a gateway as they happen: opened, answered, established, ended how.
//
// In:  first packets (NFLOG), state changes (conntrack), counters that were asked for.   Out: ConnectionEvents.
// Judged at the first state change towards the end, by the bytes the kernel counted then; the entry itself lives for
// two more minutes. NoAnswer: the SYN came again unanswered, or nothing for answer_wait. Refused: the kernel drops the
// entry of a SYN that was reset at once. The kernel's last word (DESTROY) is the fallback. Invariants
//   (1) Opened once per connection; Established and Judged at most once, after it, in this order.
//   (2) An outcome nobody saw is never invented: after a loss of events (lost()) nobody is said not to answer until
//       relisted(); connections of a client that was cut off (forget()) say nothing more.
//   (3) Holds at most limits.connections_max connections. When there is no room, the oldest goes that has ended, else
//   that has no
//       answer, else that is open; the last two are counted.
//   (4) Times of events never go back.
// REQUIRES: a first packet is handed in before state changes of its connection.
// Threads: one at a time.  Sources: docs/detection.md ("When live outcomes are known"); header bytes per packet: RFC
// 791, RFC 8200, RFC 9293 (20, 40 and 20), timestamps RFC 7323 (12).
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "ingest/connection_table.h"
#include "ingest/conntrack.h"
#include "record/connection_event.h"
#include "record/packet_sighting.h"
#include "sys/conntrack_flow.h"

namespace mailweir {

struct LiveLimits {
  std::uint32_t connections_max = 131'072;  // 160 bytes each
  Duration answer_wait = std::chrono::seconds(10);
  Duration linger = std::chrono::seconds(65);  // as FollowerLimits: repeated SYNs come at most 64 s apart
};

struct LiveCounters {
  std::uint64_t connections = 0;
  std::uint64_t retransmissions = 0;  // SYNs
  std::uint64_t midstream = 0;        // state changes of connections whose opening we did not see
  std::uint64_t given_up = 0;         // limit reached
  std::uint64_t uncounted = 0;        // ended, and the kernel had no counters
  std::uint64_t unseen = 0;           // state lost with lost events: no outcome
};

class LiveConnections {
 public:
  using Events = std::vector<ConnectionEvent>;
  explicit LiveConnections(LiveLimits limits = {});

  void sighted(const PacketSighting& packet, Events& out);
  void tracked(const ConntrackEvent& event, Events& out);

  // Connections that have just ended; ask the kernel for their counters and hand them to counted().
  [[nodiscard]] std::vector<FlowTuple> take_ended();
  void counted(std::span<const FlowTuple> flows, std::span<const std::optional<FlowCounters>> counters, Time now,
               Events& out);

  // What is due by then without a packet.
  void advance(Time now, Events& out);
  [[nodiscard]] std::optional<Time> next_due() const;

  // State changes were lost; then the list of all flows there are now.
  void lost() { blind_ = true; }
  void relisted(std::span<const ConntrackFlow> flows, Time now, Events& out);
  [[nodiscard]] bool blind() const { return blind_; }

  // The client is cut off on these ports: its connections, which are no more evidence.
  [[nodiscard]] std::vector<FlowTuple> forget(IpPrefix client, std::span<const std::uint16_t> ports);

  [[nodiscard]] const LiveCounters& counters() const { return counters_; }

 private:
  using Id = ConnectionTable::Id;
  void open(const PacketSighting& packet, Time time, Events& out);
  void answered(Id id, Time time, bool established, Events& out);
  void ended(Id id, const ConntrackFlow& flow, Time time, Events& out);
  void destroyed(Id id, const ConntrackFlow& flow, Time time, Events& out);
  void judge(Connection& connection, Outcome outcome, Time time, Events& out, std::uint64_t payload = 0);
  void judge_by_bytes(Connection& connection, const FlowCounters& counters, Time time, Events& out);
  void make_room();
  Time not_before_last(Time time);

  LiveLimits limits_;
  LiveCounters counters_;
  ConnectionTable table_;
  std::vector<FlowTuple> ended_;
  Time last_;
  bool blind_ = false;
};

}  // namespace mailweir
