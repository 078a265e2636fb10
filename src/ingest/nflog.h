// First packets of mail connections, and questions for mail servers, as our table logs them to an NFLOG group.
//
// In:  the kernel's messages.   Out: PacketSightings in the order of the group, of forwarded packets.
// Invariants
//   (1) What was lost on the way is counted: by gaps in the group's numbers, and by overruns of the receive buffer.
//   (2) read() returns when nothing is waiting or `packets_max` were taken, whichever is first.
// Threads: one at a time. Settings and their costs: docs/performance.md ("Event sources").
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "ingest/queue_threshold.h"
#include "record/packet_sighting.h"
#include "sys/clock.h"
#include "sys/netlink.h"

namespace mailweir {

struct NflogCounters {
  std::uint64_t packets = 0;
  std::uint64_t lost = 0;        // gaps in the numbers
  std::uint64_t overruns = 0;    // times the kernel found the receive buffer full
  std::uint64_t unreadable = 0;  // neither TCP nor a question to a name server, as we know them
  std::uint64_t mx_queries = 0;
  std::uint64_t gathered = 0;  // times the queue threshold went up
};

struct LoggedPacket {
  PacketSighting packet;
  Time received;  // when the kernel got the packet; when we read it where the kernel does not say
};

class NflogSource {
 public:
  // Refused when another program listens to that group. REQUIRES: CAP_NET_ADMIN.
  static Result<NflogSource> open(std::uint16_t group);

  [[nodiscard]] int fd() const { return socket_.fd(); }
  [[nodiscard]] Result<void> read(const Clock& clock, std::vector<LoggedPacket>& out, std::size_t packets_max = 65'536);
  // When to call read() at the latest though nothing is readable.
  [[nodiscard]] std::optional<Time> next_check() const { return threshold_.next_check(); }
  [[nodiscard]] const NflogCounters& counters() const { return counters_; }
  [[nodiscard]] std::size_t receive_buffer() const { return receive_buffer_; }

 private:
  NflogSource(NetlinkSocket socket, std::uint16_t group);
  void take(const NetlinkMessage& message, Time now, std::vector<LoggedPacket>& out);
  [[nodiscard]] Result<void> gather(GatherSettings settings);

  NetlinkSocket socket_;
  std::uint16_t group_;
  QueueThreshold threshold_;
  NflogCounters counters_;
  std::optional<std::uint32_t> next_sequence_;
  std::size_t receive_buffer_ = 0;
};

}  // namespace mailweir
