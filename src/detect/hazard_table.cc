#include "detect/hazard_table.h"

#include <algorithm>
#include <cmath>

namespace mailweir {
namespace {

using namespace numbers;

double gain(double hazard) { return std::log(kSpammerHazard / hazard); }

template <typename Table>
auto at_most(const Table& table, std::size_t i) {
  return table[std::min(i, table.size() - 1)];
}

}  // namespace

double HazardTable::hazard(MailRole role, std::size_t groups_before) const {
  return role == MailRole::Transfer ? at_most(transfer, groups_before) : at_most(submission, groups_before);
}

std::uint64_t HazardTable::one_in(MailRole role, unsigned groups) const {
  double share = 1;
  for (unsigned i = 0; i < groups; ++i) share *= hazard(role, i);
  const double clients = std::min(1 / share, 1e9);
  const double digit = std::pow(10.0, std::floor(std::log10(clients)));
  return static_cast<std::uint64_t>(std::floor(clients / digit) * digit);
}

HazardGains::HazardGains(const HazardTable& table) {
  std::transform(table.transfer.begin(), table.transfer.end(), transfer_.begin(), gain);
  std::transform(table.submission.begin(), table.submission.end(), submission_.begin(), gain);
  transfer_.front() = kFirstGroup25;
  for (std::size_t i = 0; i < kFreeSubmissionGroups; ++i) submission_[i] = 0;
}

double HazardGains::of(MailRole role, std::size_t groups_before) const {
  return role == MailRole::Transfer ? at_most(transfer_, groups_before) : at_most(submission_, groups_before);
}

double HazardGains::of_week(std::size_t groups_before) {
  static const auto gains = [] {
    std::array<double, kUserHazardWeek.size()> of_hazards{};
    std::transform(kUserHazardWeek.begin(), kUserHazardWeek.end(), of_hazards.begin(), gain);
    return of_hazards;
  }();
  return at_most(gains, groups_before);
}

const HazardGains& shipped_gains() {
  static const HazardGains gains;
  return gains;
}

}  // namespace mailweir
