// Makes times of a log absolute and keeps them in order.
//
// Classic syslog writes no year. The first time gets the newest year in which it is not later than the file's last
// change; after that a jump back by months is a New Year, and a jump ahead by almost a year a line written late at one.
// Times never run backwards: a line older than the one before is taken at that one's time, and counted.
//
// Threads: one log, one clock, in the order of the lines.
#pragma once

#include <cstdint>
#include <optional>

#include "base/time.h"
#include "ingest/log_time.h"

namespace mailweir {

class LogClock {
 public:
  // `written`: when the file was last changed, or now for a stream.
  explicit LogClock(Time written) : written_(written) {}

  // nullopt: a 29th of February in a year that has none.
  [[nodiscard]] std::optional<Time> absolute(LogTime time);
  // absolute(), not before any time given so far.
  [[nodiscard]] std::optional<Time> in_order(LogTime time);
  // So many more lines have the time that was given last.
  void again(std::uint64_t lines) { late_ += was_late_ ? lines : 0; }

  [[nodiscard]] std::optional<int> first_year() const { return first_year_; }  // that had to be inferred
  [[nodiscard]] bool saw_boot_times() const { return boot_; }
  [[nodiscard]] std::uint64_t late() const { return late_; }  // lines more than late_max before the one before them

 private:
  Time written_;
  std::optional<int> year_, first_year_;
  std::int64_t latest_us_ = 0;  // of the year, as LogTime has it
  bool boot_ = false;
  std::optional<Time> latest_;
  LogTime latest_read_;  // what it was read from
  std::uint64_t late_ = 0;
  bool was_late_ = false;  // the line given last
};

}  // namespace mailweir
