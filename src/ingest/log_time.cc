#include "ingest/log_time.h"

#include <array>
#include <cstring>

namespace mailweir {
namespace {

constexpr std::int64_t kSecond = 1'000'000;
constexpr std::array<int, 13> kDaysBefore{0, 31, 60, 91, 121, 152, 182, 213, 244, 274, 305, 335, 366};  // leap year
constexpr std::string_view kMonths = "JanFebMarAprMayJunJulAugSepOctNovDec";
constexpr std::string_view kWeekdays = "MonTueWedThuFriSatSun";

bool is_digit(char c) { return c >= '0' && c <= '9'; }

// A reader that never runs past the end: what is missing reads as NUL.
class Cursor {
 public:
  explicit Cursor(std::string_view text) : text_(text) {}

  [[nodiscard]] char at(std::size_t i) const { return at_ + i < text_.size() ? text_[at_ + i] : '\0'; }
  [[nodiscard]] std::string_view rest() const { return text_.substr(at_); }
  void skip(std::size_t n) { at_ += n; }
  bool take(char wanted) {
    if (at(0) != wanted) return false;
    ++at_;
    return true;
  }
  // Exactly `digits` digits, or -1.
  int number(int digits) {
    int value = 0;
    for (int i = 0; i < digits; ++i) {
      if (!is_digit(at(static_cast<std::size_t>(i)))) return -1;
      value = value * 10 + (at(static_cast<std::size_t>(i)) - '0');
    }
    at_ += static_cast<std::size_t>(digits);
    return value;
  }
  // "Jun" -> 5, or -1.
  int month() {
    for (std::size_t i = 0; i < 12; ++i) {
      if (at(0) == kMonths[3 * i] && at(1) == kMonths[3 * i + 1] && at(2) == kMonths[3 * i + 2]) {
        at_ += 3;
        return static_cast<int>(i);
      }
    }
    return -1;
  }
  bool weekday() {
    if (text_.size() - at_ < 3) return false;
    const std::size_t found = kWeekdays.find(text_.substr(at_, 3));
    if (found == std::string_view::npos || found % 3 != 0) return false;
    at_ += 3;
    return true;
  }
  // "hh:mm:ss" in seconds, or -1. 60 is a leap second.
  std::int64_t clock() {
    const int hour = number(2);
    if (hour < 0 || hour > 23 || !take(':')) return -1;
    const int minute = number(2);
    if (minute < 0 || minute > 59 || !take(':')) return -1;
    const int second = number(2);
    if (second < 0 || second > 60) return -1;
    return hour * 3600 + minute * 60 + second;
  }
  // Digits after a point, in microseconds; those past the sixth are dropped. No digit: -1.
  std::int64_t fraction() {
    std::int64_t value = 0;
    int digits = 0;
    for (; is_digit(at(0)); ++at_, ++digits) {
      if (digits < 6) value = value * 10 + (at(0) - '0');
    }
    if (digits == 0) return -1;
    for (; digits < 6; ++digits) value *= 10;
    return value;
  }
  // A day of the month as people write it: "13", " 3", "3".
  int day() {
    take(' ');
    const int value = is_digit(at(1)) ? number(2) : number(1);
    return value;
  }

 private:
  std::string_view text_;
  std::size_t at_ = 0;
};

std::optional<std::int64_t> days_since_epoch(int year, int month, int day) {
  const std::chrono::year_month_day date{std::chrono::year(year), std::chrono::month(unsigned(month + 1)),
                                         std::chrono::day(unsigned(day))};
  if (month < 0 || day < 0 || !date.ok()) return std::nullopt;
  return std::chrono::sys_days(date).time_since_epoch().count();
}

// "Z", "+02:00", "+0200", "-07"; in seconds. Nothing there: 0. Not a zone: nullopt.
std::optional<std::int64_t> take_zone(Cursor& cursor) {
  if (cursor.take('Z') || cursor.take('z')) return 0;
  const bool west = cursor.at(0) == '-';
  if (!west && cursor.at(0) != '+') return 0;
  cursor.skip(1);
  const int hours = cursor.number(2);
  if (hours < 0 || hours > 23) return std::nullopt;
  cursor.take(':');
  int minutes = 0;
  if (is_digit(cursor.at(0))) minutes = cursor.number(2);
  if (minutes < 0 || minutes > 59) return std::nullopt;
  const std::int64_t offset = hours * 3600 + minutes * 60;
  return west ? -offset : offset;
}

}  // namespace

std::optional<LogTime> take_syslog_time(std::string_view& text) {
  Cursor cursor(text);
  const int month = cursor.month();
  if (month < 0 || !cursor.take(' ')) return std::nullopt;
  const int day = cursor.day();
  const int days = kDaysBefore[static_cast<std::size_t>(month)];
  if (day < 1 || day > kDaysBefore[static_cast<std::size_t>(month) + 1] - days || !cursor.take(' '))
    return std::nullopt;
  const std::int64_t clock = cursor.clock();
  if (clock < 0) return std::nullopt;
  std::int64_t fraction = 0;
  if (cursor.take('.')) fraction = cursor.fraction();
  if (fraction < 0) return std::nullopt;
  text = cursor.rest();
  return LogTime{(std::int64_t{days + day - 1} * 86400 + clock) * kSecond + fraction, LogTime::Base::NoYear};
}

std::optional<LogTime> take_iso_time(std::string_view& text) {
  Cursor cursor(text);
  const int year = cursor.number(4);
  if (year < 0 || !cursor.take('-')) return std::nullopt;
  const int month = cursor.number(2);
  if (month < 0 || !cursor.take('-')) return std::nullopt;
  const auto days = days_since_epoch(year, month - 1, cursor.number(2));
  if (!days || (!cursor.take('T') && !cursor.take(' '))) return std::nullopt;
  const std::int64_t clock = cursor.clock();
  if (clock < 0) return std::nullopt;
  std::int64_t fraction = 0;
  if (cursor.take('.') || cursor.take(',')) fraction = cursor.fraction();
  if (fraction < 0) return std::nullopt;
  const auto zone = take_zone(cursor);
  if (!zone) return std::nullopt;
  text = cursor.rest();
  return LogTime{(*days * 86400 + clock - *zone) * kSecond + fraction, LogTime::Base::Epoch};
}

std::optional<LogTime> take_ctime(std::string_view& text) {
  Cursor cursor(text);
  if (!cursor.weekday() || !cursor.take(' ')) return std::nullopt;
  const int month = cursor.month();
  if (month < 0 || !cursor.take(' ')) return std::nullopt;
  const int day = cursor.day();
  if (!cursor.take(' ')) return std::nullopt;
  const std::int64_t clock = cursor.clock();
  if (clock < 0 || !cursor.take(' ')) return std::nullopt;
  const auto days = days_since_epoch(cursor.number(4), month, day);
  if (!days) return std::nullopt;
  text = cursor.rest();
  return LogTime{(*days * 86400 + clock) * kSecond, LogTime::Base::Epoch};
}

std::optional<LogTime> take_apache_time(std::string_view& text) {
  Cursor cursor(text);
  const int day = cursor.number(2);
  if (!cursor.take('/')) return std::nullopt;
  const int month = cursor.month();
  if (!cursor.take('/')) return std::nullopt;
  const auto days = days_since_epoch(cursor.number(4), month, day);
  if (!days || !cursor.take(':')) return std::nullopt;
  const std::int64_t clock = cursor.clock();
  if (clock < 0 || !cursor.take(' ')) return std::nullopt;
  const auto zone = take_zone(cursor);
  if (!zone) return std::nullopt;
  text = cursor.rest();
  return LogTime{(*days * 86400 + clock - *zone) * kSecond, LogTime::Base::Epoch};
}

std::optional<LogTime> take_seconds(std::string_view& text) {
  Cursor cursor(text);
  if (!cursor.take('[')) return std::nullopt;
  while (cursor.take(' ')) {
  }
  std::string_view rest = cursor.rest();
  auto time = take_unix_time(rest);
  if (!time || rest.empty() || rest.front() != ']') return std::nullopt;
  time->base = LogTime::Base::Boot;
  text = rest.substr(1);
  return time;
}

std::optional<LogTime> take_unix_time(std::string_view& text) {
  constexpr int kDigitsMax = 12;  // 31,000 years: nothing overflows
  Cursor cursor(text);
  std::int64_t value = 0;
  int digits = 0;
  for (; is_digit(cursor.at(0)) && digits <= kDigitsMax; cursor.skip(1), ++digits)
    value = value * 10 + (cursor.at(0) - '0');
  if (digits == 0 || digits > kDigitsMax || !cursor.take('.')) return std::nullopt;
  const std::int64_t fraction = cursor.fraction();
  if (fraction < 0) return std::nullopt;
  text = cursor.rest();
  return LogTime{value * kSecond + fraction, LogTime::Base::Epoch};
}

}  // namespace mailweir
