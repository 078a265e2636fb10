// What connection tracking sees of mail connections: state changes and ends, as the kernel tells them.
//
// In:  the kernel's messages; the kernel itself sorts out those of other ports (a classic BPF program on the socket),
// so
//      that other traffic costs no wake-up.   Out: events in the kernel's order, with the time they were read.
// Invariants: what was lost on the way is counted, and said (Batch::lost): ask for a list of all flows then.
// Threads: one at a time.  Sources: linux/netfilter/nfnetlink_conntrack.h; docs/performance.md ("Event sources").
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "sys/clock.h"
#include "sys/conntrack_flow.h"
#include "sys/netlink.h"

namespace mailweir {

struct ConntrackEvent {
  enum class Kind : std::uint8_t { Update, Destroy };
  Kind kind = Kind::Update;
  ConntrackFlow flow;
  Time time;  // when it was read: the kernel does not say when it happened
};

// nothing: a message that is not one of TCP, or that means nothing to us.
[[nodiscard]] std::optional<ConntrackEvent> decode_conntrack(const NetlinkMessage& message, Time now);

struct ConntrackCounters {
  std::uint64_t events = 0;
  std::uint64_t foreign = 0;   // not of a watched port, though the kernel let them through
  std::uint64_t overruns = 0;  // times the kernel found the receive buffer full
};

class ConntrackSource {
 public:
  static Result<ConntrackSource> open(std::span<const std::uint16_t> ports);

  [[nodiscard]] int fd() const { return events_.fd(); }
  struct Batch {
    std::vector<ConntrackEvent> events;
    bool lost = false;
  };
  // Until nothing is waiting or `events_max` were taken. Appends to `batch`.
  [[nodiscard]] Result<void> read(const Clock& clock, Batch& batch, std::size_t events_max = 65'536);
  // Every tracked TCP flow to a watched port. Walks the whole table: for starting and after a loss.
  [[nodiscard]] Result<std::vector<ConntrackFlow>> list();

  [[nodiscard]] const ConntrackCounters& counters() const { return counters_; }

 private:
  ConntrackSource(NetlinkSocket events, NetlinkSocket questions, std::span<const std::uint16_t> ports)
      : events_(std::move(events)), questions_(std::move(questions)), ports_(ports.begin(), ports.end()) {}
  [[nodiscard]] bool watched(std::uint16_t port) const;

  NetlinkSocket events_, questions_;
  std::vector<std::uint16_t> ports_;
  ConntrackCounters counters_;
};

}  // namespace mailweir
