// What waits for one server and how fast it may be asked: the window and the rate of dns/resolver.h, by themselves.
//
// Invariants
//   (1) under_way() <= window, 1 <= window <= window_max. Every answer widens the window by one until the first loss,
//       then by one a window; a loss halves it, at most once in kCalm (losses of one burst are one loss).
//   (2) No more than rate * t + burst questions leave in any time t.
//   (3) After silent_max questions in a row without an answer the server is silent(): one probe each probe_after.
// Threads: one.
#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <optional>
#include <utility>

#include "base/time.h"

namespace mailweir {

struct ServerQueueLimits {
  std::uint32_t window_max = 128;
  double rate = 500;  // a second; 0: no limit
  std::uint32_t silent_max = 24;
  Duration probe_after = std::chrono::seconds(2);
};

class ServerQueue {
 public:
  static constexpr Duration kCalm = std::chrono::milliseconds(500);

  ServerQueue(const ServerQueueLimits& limits, Time now);

  void add(std::uint64_t id) { waiting_.push_back(id); }
  // The next question that may leave now; it is under way then.
  [[nodiscard]] std::optional<std::uint64_t> next(Time now);
  void answered();
  void lost(Time now);
  // It left the last silent_max questions unanswered.
  [[nodiscard]] bool dead() const { return unanswered_ >= limits_.silent_max; }
  // It is dead, and the next probe is not due or is there already: whoever is added has no chance.
  [[nodiscard]] bool silent(Time now) const;
  // All that waits, to be asked elsewhere or given up.
  [[nodiscard]] std::deque<std::uint64_t> give_up() { return std::exchange(waiting_, {}); }

  [[nodiscard]] std::size_t waiting() const { return waiting_.size(); }
  [[nodiscard]] std::uint32_t under_way() const { return under_way_; }
  [[nodiscard]] std::uint32_t window() const { return static_cast<std::uint32_t>(window_); }
  // Nothing: an answer has to come first.
  [[nodiscard]] std::optional<Duration> until_next(Time now) const;

 private:
  void refill(Time now);
  [[nodiscard]] bool may_probe(Time now) const;

  ServerQueueLimits limits_;
  std::deque<std::uint64_t> waiting_;
  std::uint32_t under_way_ = 0;
  double window_ = 16;
  bool lost_before_ = false;
  Time last_loss_{};
  double tokens_ = 0, burst_ = 1;
  Time filled_;
  std::uint32_t unanswered_ = 0;  // in a row
  Time last_sent_{};
};

}  // namespace mailweir
