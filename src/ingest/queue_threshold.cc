#include "ingest/queue_threshold.h"

namespace mailweir {

std::optional<GatherSettings> QueueThreshold::count(std::uint64_t packets, Time now) {
  const Duration passed = now - since_;
  if (passed < Duration{0} || passed > 20 * kWindow) {  // the clock was set, or nothing came for a while
    since_ = now;
    packets_ = 0;
    if (busy_ && passed > Duration{0}) {
      busy_ = false;
      packets_ = packets;
      return kQuiet;
    }
  }
  packets_ += packets;
  constexpr double kWindowSeconds = std::chrono::duration<double>(kWindow).count();
  // A flood is not made to wait for the window's end.
  if (!busy_ && static_cast<double>(packets_) >= static_cast<double>(kBusyPerSecond) * kWindowSeconds) {
    busy_ = true;
    packets_ = 0;
    since_ = now;
    return kBusy;
  }
  if (now - since_ < kWindow) return std::nullopt;
  const double rate = static_cast<double>(packets_) / seconds(now - since_);
  packets_ = 0;
  since_ = now;
  if (!busy_ || rate >= static_cast<double>(kQuietPerSecond)) return std::nullopt;
  busy_ = false;
  return kQuiet;
}

std::optional<Time> QueueThreshold::next_check() const {
  return busy_ ? std::optional(since_ + kWindow) : std::nullopt;
}

}  // namespace mailweir
