// What really happened, counted by those to whom it happened: the clients' side counts what it opened and how it ended,
// the servers' side what it accepted. One piece of shared memory, written by both processes and read by a third.
//
// Invariant: every counter has one writer; a reader sees each counter whole, though not all at the same instant.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "lab/population.h"

namespace mailweir::lab {

struct ClientTally {
  using Count = std::atomic<std::uint32_t>;
  // Written by the clients' side.
  Count opened;       // connections tried, retries of messages included
  Count established;  // handshakes completed
  Count delivered;    // 250 after the message
  Count put_off;      // 4xx
  Count rejected;     // 5xx
  Count refused;      // reset before the handshake was completed
  Count unanswered;
  Count cut;       // reset or lost in the middle of the dialogue
  Count given_up;  // messages that found no way, after all retries
  // Written by the servers' side.
  Count accepted;  // messages
};

// When something happened to an abuser: often enough to see what came before its block and what after.
struct TimeLog {
  static constexpr std::size_t kTimesMax = 1'024;
  std::atomic<std::uint32_t> count;
  std::array<std::atomic<std::int64_t>, kTimesMax> at_us;  // since the Unix epoch

  void note(Time time);  // later ones than kTimesMax are not kept
  [[nodiscard]] std::uint32_t until(Time time) const;
};

struct AbuserLog {
  TimeLog opened;    // written by the clients' side
  TimeLog accepted;  // written by the servers' side
};

struct SideTally {
  std::atomic<std::uint32_t> open_connections, postponed;  // postponed: errands that waited for a free connection
  std::atomic<std::uint64_t> connections;                  // opened or accepted so far
  std::atomic<std::uint32_t> strangers_mail;               // messages from the other side's people, accepted here
  std::atomic<bool> ready, finished;
};

class Scoreboard {
 public:
  static Result<Scoreboard> create(const Population& population);
  Scoreboard(Scoreboard&& other) noexcept;
  Scoreboard& operator=(Scoreboard&&) = delete;
  ~Scoreboard();

  [[nodiscard]] std::span<ClientTally> clients() const { return clients_; }
  [[nodiscard]] SideTally& inside() const { return sides_[0]; }
  [[nodiscard]] SideTally& outside() const { return sides_[1]; }

  void note_opened(std::uint32_t client, Time now) const;
  void note_accepted(std::uint32_t client, Time now) const;
  // Null for clients whose times are not kept: all but the abusers.
  [[nodiscard]] const AbuserLog* log_of(std::uint32_t client) const;

 private:
  Scoreboard() = default;
  [[nodiscard]] AbuserLog* log_to_write(std::uint32_t client) const;

  void* memory_ = nullptr;
  std::size_t size_ = 0;
  std::span<ClientTally> clients_;
  std::span<AbuserLog> logs_;
  std::span<SideTally> sides_;
  std::vector<std::int32_t> log_numbers_;  // client -> index into logs_, -1: none
};

}  // namespace mailweir::lab
