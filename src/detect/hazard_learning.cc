#include "detect/hazard_learning.h"

#include <algorithm>
#include <boost/math/special_functions/beta.hpp>
#include <span>

namespace mailweir {
namespace {

using namespace numbers;

// The upper end of Jeffreys' interval for a share of `of` clients.
double upper_bound(std::uint64_t clients, std::uint64_t of) {
  const auto more = static_cast<double>(clients);
  const auto less = static_cast<double>(of - clients);
  return boost::math::ibeta_inv(more + 0.5, less + 0.5, kLearnConfidence);
}

double on_the_leash(double learned, double shipped) {
  return std::clamp(learned, shipped / kLeash, std::min(shipped * kLeash, (1 + shipped) / 2));
}

void count(std::span<std::uint64_t> reached, unsigned groups) {
  for (std::size_t i = 0; i < reached.size() && i <= groups; ++i) ++reached[i];
}

// The largest of several days, of those on which enough clients came so far.
template <std::size_t N, typename Day, typename Reached>
std::array<double, N> learned(const std::array<double, N>& shipped, std::span<const Day> days, Reached reached_of) {
  std::array<double, N> hazards = shipped;
  for (std::size_t i = 0; i < N; ++i) {
    double largest = 0;
    for (const Day& day : days) {
      const auto& reached = reached_of(day);
      if (reached[i] >= kLearnClientsMin) largest = std::max(largest, upper_bound(reached[i + 1], reached[i]));
    }
    if (largest > 0) hazards[i] = on_the_leash(largest, shipped[i]);
  }
  return hazards;
}

}  // namespace

void HazardLearning::epoch_ended(unsigned groups_25, unsigned groups_submission) {
  count(days_[today_].reached_25, groups_25);
  count(days_[today_].reached_submission, groups_submission);
}

std::optional<HazardTable> HazardLearning::learn(Time now) {
  if (!day_ends_) day_ends_ = now + std::chrono::days(1);
  if (now < *day_ends_) return std::nullopt;
  day_ends_ = now + std::chrono::days(1);
  HazardTable next;
  const std::span<const Day> days(days_);
  next.transfer = learned(
      kUserHazard25, days, [](const Day& day) -> const auto& { return day.reached_25; });
  next.submission = learned(
      kUserHazardSubmission, days, [](const Day& day) -> const auto& { return day.reached_submission; });
  today_ = (today_ + 1) % kDays;
  days_[today_] = {};
  if (next.transfer == table_.transfer && next.submission == table_.submission) return std::nullopt;
  next.version = table_.version + 1;
  next.learned_at = now;
  return table_ = next;
}

}  // namespace mailweir
