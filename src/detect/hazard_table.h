// How likely an ordinary client that has contacted so many groups contacts one more, and what one more group therefore
// weighs (docs/detection.md, section 3.3). Shipped, or learned on site (detect/hazard_learning.h).
#pragma once

#include <array>
#include <cstdint>

#include "base/mail_ports.h"
#include "base/time.h"
#include "detect/numbers.h"

namespace mailweir {

struct HazardTable {
  static constexpr std::size_t kTransfer = numbers::kUserHazard25.size();
  static constexpr std::size_t kSubmission = numbers::kUserHazardSubmission.size();

  std::array<double, kTransfer> transfer = numbers::kUserHazard25;
  std::array<double, kSubmission> submission = numbers::kUserHazardSubmission;
  std::uint32_t version = 0;  // 0: as shipped
  Time learned_at{};
  friend bool operator==(const HazardTable&, const HazardTable&) = default;

  [[nodiscard]] double hazard(MailRole role, std::size_t groups_before) const;
  // Of how many ordinary clients one contacts as many groups, rounded down to one digit; at most 10^9.
  [[nodiscard]] std::uint64_t one_in(MailRole role, unsigned groups) const;
};

// The same as nats.
class HazardGains {
 public:
  explicit HazardGains(const HazardTable& table = {});
  // What a new group weighs for a client that had `groups_before` of that role.
  [[nodiscard]] double of(MailRole role, std::size_t groups_before) const;
  // What the slow test adds for a network new in a week. Not learned.
  [[nodiscard]] static double of_week(std::size_t groups_before);

 private:
  std::array<double, HazardTable::kTransfer> transfer_{};
  std::array<double, HazardTable::kSubmission> submission_{};
};

[[nodiscard]] const HazardGains& shipped_gains();

}  // namespace mailweir
