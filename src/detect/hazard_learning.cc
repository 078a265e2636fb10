#include "detect/hazard_learning.h"

#include <algorithm>
#include <boost/math/special_functions/beta.hpp>
#include <cmath>
#include <span>

namespace mailweir {
namespace {

using namespace numbers;

// More have no addresses; the arithmetic holds.
constexpr std::uint64_t kClientsADayMax = 1ULL << 40;

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

HazardLearning::HazardLearning(const Kept& kept, Time now) : kept_(kept) {
  if (kept_.day_ends) kept_.day_ends = std::min(*kept_.day_ends, now + std::chrono::days(1));
}

bool is_possible(const HazardLearning::Kept& kept) {
  const auto on_leash = [](const auto& hazards, const auto& shipped) {
    return std::equal(hazards.begin(), hazards.end(), shipped.begin(), [](double hazard, double as_shipped) {
      constexpr double kRounding = 1e-9;
      return std::abs(hazard - on_the_leash(hazard, as_shipped)) <= kRounding;  // not of what is no number
    });
  };
  const auto counts = [](const auto& reached) {
    return std::is_sorted(reached.rbegin(), reached.rend()) && reached[0] <= kClientsADayMax;
  };
  return kept.today < HazardLearning::kDays && on_leash(kept.table.transfer, kUserHazard25) &&
         on_leash(kept.table.submission, kUserHazardSubmission) &&
         std::all_of(kept.days.begin(), kept.days.end(), [&](const HazardLearning::Day& day) {
           return counts(day.reached_25) && counts(day.reached_submission);
         });
}

void HazardLearning::epoch_ended(unsigned groups_25, unsigned groups_submission) {
  count(kept_.days[kept_.today].reached_25, groups_25);
  count(kept_.days[kept_.today].reached_submission, groups_submission);
}

std::optional<HazardTable> HazardLearning::learn(Time now) {
  if (!kept_.day_ends) kept_.day_ends = now + std::chrono::days(1);
  if (now < *kept_.day_ends) return std::nullopt;
  kept_.day_ends = now + std::chrono::days(1);
  HazardTable next;
  const std::span<const Day> days(kept_.days);
  next.transfer = learned(
      kUserHazard25, days, [](const Day& day) -> const auto& { return day.reached_25; });
  next.submission = learned(
      kUserHazardSubmission, days, [](const Day& day) -> const auto& { return day.reached_submission; });
  kept_.today = (kept_.today + 1) % kDays;
  kept_.days[kept_.today] = {};
  if (next.transfer == kept_.table.transfer && next.submission == kept_.table.submission) return std::nullopt;
  next.version = kept_.table.version + 1;
  next.learned_at = now;
  return kept_.table = next;
}

}  // namespace mailweir
