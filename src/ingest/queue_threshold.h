// How many packets the kernel gathers before it wakes us: one while quiet, so that a block comes at once; many when
// busy, so that nothing is lost (a wake-up per packet halves what a gateway forwards).
//
// Invariant: same calls, same answers. Numbers: a gathered packet costs 0.12 us, a single one 1.2 us
// (docs/performance.md); at kBusy a wake-up per packet costs 1-2 % of a core. The flush timer (10 ms) bounds the delay
// when busy.
#pragma once

#include <cstdint>
#include <optional>

#include "base/time.h"

namespace mailweir {

struct GatherSettings {
  std::uint32_t packets;       // queue threshold
  std::uint32_t buffer_bytes;  // nlbufsiz: allocated for every delivery
};

class QueueThreshold {
 public:
  static constexpr GatherSettings kQuiet{1, 4096};
  static constexpr GatherSettings kBusy{600, 128 * 1024};
  static constexpr std::uint64_t kBusyPerSecond = 20'000;
  static constexpr std::uint64_t kQuietPerSecond = 5'000;
  static constexpr Duration kWindow = std::chrono::milliseconds(50);

  // Packets came; answers new settings when they should change.
  [[nodiscard]] std::optional<GatherSettings> count(std::uint64_t packets, Time now);
  // Nothing may come for long: when to call count(0, now) so that a flood's end is noticed. Nothing while quiet.
  [[nodiscard]] std::optional<Time> next_check() const;
  [[nodiscard]] bool busy() const { return busy_; }

 private:
  bool busy_ = false;
  std::uint64_t packets_ = 0;
  Time since_{};
};

}  // namespace mailweir
