#include "detect/server_history.h"

#include <algorithm>
#include <cmath>

#include "detect/numbers.h"

namespace mailweir {
namespace {

using namespace numbers;

constexpr std::uint32_t kHourSeconds = 3'600;

std::uint32_t seconds_of(std::chrono::seconds duration) { return static_cast<std::uint32_t>(duration.count()); }

}  // namespace

bool is_possible(const ServerHistory::Kept& kept) {
  const auto sane = [](float value) { return std::isfinite(value) && value >= 0; };
  return sane(kept.bad) && sane(kept.all) && sane(kept.change) && sane(kept.busiest) && kept.bad <= kept.all;
}

double ServerHistory::usual_bad_share() const {
  return (double{kept_.bad} + kPriorBad) / (double{kept_.all} + kPriorAll);
}

void ServerHistory::pass(std::uint32_t now_s) {
  const std::uint32_t hour = now_s / kHourSeconds;
  if (hour <= kept_.hour) return;
  const auto kept = static_cast<float>(
      std::exp2(-static_cast<double>(hour - kept_.hour) * kHourSeconds / seconds_of(kHistoryHalfLife)));
  kept_.bad *= kept;
  kept_.all *= kept;
  kept_.busiest = std::max(kept_.busiest * kept, static_cast<float>(kept_.this_hour));
  kept_.this_hour = 0;
  kept_.hour = hour;
}

// Once a day is often enough for somebody who reads it.
ServerHistory::Alarm ServerHistory::told(Alarm alarm, std::uint32_t now_s) {
  if (now_s < kept_.quiet_until_s || now_s < seconds_of(kHistoryMin)) return Alarm::None;
  kept_.quiet_until_s = now_s + seconds_of(kNoticeEvery);
  return alarm;
}

ServerHistory::Alarm ServerHistory::contacted(std::uint32_t now_s) {
  pass(now_s);
  ++kept_.this_hour;
  const double most = kSpreadFactor * std::max<double>(kept_.busiest, kSpreadMin);
  return static_cast<double>(kept_.this_hour) > most ? told(Alarm::Spreading, now_s) : Alarm::None;
}

ServerHistory::Alarm ServerHistory::ended(bool bad, std::uint32_t now_s) {
  pass(now_s);
  const double usual = usual_bad_share();
  const double changed = std::min(kChangedMax, std::max(2 * usual, usual + kChangedBy));
  const bool knows = kept_.all >= kHistoryOutcomesMin;
  if (knows && changed > usual) {
    const double nats = bad ? std::log(changed / usual) : std::log((1 - changed) / (1 - usual));
    kept_.change = static_cast<float>(std::max(0.0, kept_.change + nats));
  }
  // While it looks changed, what it does is not what it usually does.
  if (kept_.change < kChangeAlarm / 2) {
    ++kept_.all;
    if (bad) ++kept_.bad;
  }
  if (kept_.change < kChangeAlarm) return Alarm::None;
  const Alarm alarm = told(Alarm::Rejected, now_s);
  if (alarm != Alarm::None) kept_.change = 0;
  return alarm;
}

}  // namespace mailweir
