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

double ServerHistory::usual_bad_share() const { return (double{bad_} + kPriorBad) / (double{all_} + kPriorAll); }

void ServerHistory::pass(std::uint32_t now_s) {
  const std::uint32_t hour = now_s / kHourSeconds;
  if (hour <= hour_) return;
  const auto kept =
      static_cast<float>(std::exp2(-static_cast<double>(hour - hour_) * kHourSeconds / seconds_of(kHistoryHalfLife)));
  bad_ *= kept;
  all_ *= kept;
  busiest_ = std::max(busiest_ * kept, static_cast<float>(this_hour_));
  this_hour_ = 0;
  hour_ = hour;
}

// Once a day is often enough for somebody who reads it.
ServerHistory::Alarm ServerHistory::told(Alarm alarm, std::uint32_t now_s) {
  if (now_s < quiet_until_s_ || now_s < seconds_of(kHistoryMin)) return Alarm::None;
  quiet_until_s_ = now_s + seconds_of(kNoticeEvery);
  return alarm;
}

ServerHistory::Alarm ServerHistory::contacted(std::uint32_t now_s) {
  pass(now_s);
  ++this_hour_;
  const double most = kSpreadFactor * std::max<double>(busiest_, kSpreadMin);
  return static_cast<double>(this_hour_) > most ? told(Alarm::Spreading, now_s) : Alarm::None;
}

ServerHistory::Alarm ServerHistory::ended(bool bad, std::uint32_t now_s) {
  pass(now_s);
  const double usual = usual_bad_share();
  const double changed = std::min(kChangedMax, std::max(2 * usual, usual + kChangedBy));
  const bool knows = all_ >= kHistoryOutcomesMin;
  if (knows && changed > usual) {
    const double nats = bad ? std::log(changed / usual) : std::log((1 - changed) / (1 - usual));
    change_ = static_cast<float>(std::max(0.0, change_ + nats));
  }
  // While it looks changed, what it does is not what it usually does.
  if (change_ < kChangeAlarm / 2) {
    ++all_;
    if (bad) ++bad_;
  }
  if (change_ < kChangeAlarm) return Alarm::None;
  const Alarm alarm = told(Alarm::Rejected, now_s);
  if (alarm != Alarm::None) change_ = 0;
  return alarm;
}

}  // namespace mailweir
