#include "replay/log_clock.h"

#include <algorithm>

namespace mailweir {
namespace {

constexpr std::int64_t kDay = 86'400'000'000;
constexpr std::int64_t kNewYearJump = 30 * kDay;         // back by more: a New Year lies between
constexpr std::int64_t kLateAtNewYear = 335 * kDay;      // ahead by more: written before the New Year, arrived after it
constexpr Duration kClockSkew = std::chrono::hours(24);  // a log in local time may run ahead of UTC by most of a day
constexpr Duration kLateMax = std::chrono::minutes(5);   // relays and several processors mix lines up by less

constexpr std::int64_t kEndOfFebruary28 = 59 * kDay;
constexpr std::int64_t kEndOfFebruary29 = 60 * kDay;

// Microseconds of a leap year -> a time in `year`.
std::optional<Time> in_year(std::int64_t us, int year) {
  const auto first = std::chrono::sys_days(std::chrono::year(year) / std::chrono::January / 1);
  if (!std::chrono::year(year).is_leap() && us >= kEndOfFebruary28) {
    if (us < kEndOfFebruary29) return std::nullopt;
    us -= kDay;
  }
  return Time(first) + Duration(us);
}

int year_of(Time time) {
  return static_cast<int>(std::chrono::year_month_day(std::chrono::floor<std::chrono::days>(time)).year());
}

}  // namespace

std::optional<Time> LogClock::absolute(LogTime time) {
  if (time.base != LogTime::Base::NoYear) {
    boot_ = boot_ || time.base == LogTime::Base::Boot;
    return Time(Duration(time.us));
  }
  if (!year_) {
    int year = year_of(written_ + kClockSkew);
    std::optional<Time> first = in_year(time.us, year);
    for (int tried = 0; tried < 8 && (!first || *first > written_ + kClockSkew); ++tried) {
      first = in_year(time.us, --year);
    }
    year_ = first_year_ = year;
    latest_us_ = time.us;
    return first;
  }
  if (time.us > latest_us_ + kLateAtNewYear) return in_year(time.us, *year_ - 1);
  if (time.us < latest_us_ - kNewYearJump) {
    ++*year_;
    latest_us_ = time.us;
  }
  latest_us_ = std::max(latest_us_, time.us);
  return in_year(time.us, *year_);
}

std::optional<Time> LogClock::in_order(LogTime time) {
  was_late_ = false;
  if (latest_ && time == latest_read_) return latest_;  // most lines share their second with the one before
  const std::optional<Time> read = absolute(time);
  if (!read) return std::nullopt;
  if (latest_ && *read < *latest_) {
    was_late_ = *latest_ - *read > kLateMax;
    late_ += was_late_ ? 1 : 0;
    return latest_;
  }
  latest_read_ = time;
  latest_ = read;
  return read;
}

}  // namespace mailweir
