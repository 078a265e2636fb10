// How far ordinary clients of this site go, learned from themselves, on a leash (docs/detection.md, sections 3.3 and
// 5).
//
// In:  how many groups a client had contacted when one of its epochs ended; time.   Out: a hazard table, now and then.
// Invariants
//   (1) A learned hazard is at least half and at most twice the shipped one, and never nearer to 1 than halfway from
//   the
//       shipped one: whoever poisons it dulls the detector by a bounded amount (hazard_learning_test says how much).
//   (2) Each client has one vote an epoch. Who is suspected, convicted or a mail server has none.
//   (3) Where fewer than kLearnClientsMin clients came so far, the shipped value holds.
// Threads: one at a time.   Sources: Brown, Cai, DasGupta 2001 (Jeffreys interval).
#pragma once

#include <array>
#include <cstdint>
#include <optional>

#include "detect/hazard_table.h"

namespace mailweir {

class HazardLearning {
 public:
  void epoch_ended(unsigned groups_25, unsigned groups_submission);
  // A new table, when a day has passed and it differs from the one before.
  [[nodiscard]] std::optional<HazardTable> learn(Time now);
  [[nodiscard]] const HazardTable& table() const { return kept_.table; }
  // Client-epochs of the day that runs.
  [[nodiscard]] std::uint64_t seen_today() const { return kept_.days[kept_.today].reached_25[0]; }

  static constexpr std::size_t kDays = 7;
  // How many clients had contacted at least so many groups.
  struct Day {
    std::array<std::uint64_t, HazardTable::kTransfer + 1> reached_25{};
    std::array<std::uint64_t, HazardTable::kSubmission + 1> reached_submission{};
    friend bool operator==(const Day&, const Day&) = default;
  };
  // All there is to remember, as it is kept over a restart.
  struct Kept {
    std::array<Day, kDays> days{};
    std::size_t today = 0;
    std::optional<Time> day_ends;
    HazardTable table;
    friend bool operator==(const Kept&, const Kept&) = default;
  };
  HazardLearning() = default;
  // REQUIRES: is_possible(kept). A day that ends later than one from now is none of this clock's: it ends then.
  HazardLearning(const Kept& kept, Time now);
  [[nodiscard]] const Kept& kept() const { return kept_; }

 private:
  Kept kept_;
};

// Could it have been learned? Hazards are on the leash, and no more clients came further than came so far.
[[nodiscard]] bool is_possible(const HazardLearning::Kept& kept);

}  // namespace mailweir
