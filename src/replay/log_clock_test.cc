#include "replay/log_clock.h"

#include <gtest/gtest.h>

namespace mailweir {
namespace {

using namespace std::chrono_literals;

Time on(int year, unsigned month, unsigned day, Duration clock = {}) {
  return Time(std::chrono::sys_days(std::chrono::year(year) / int(month) / int(day))) + clock;
}

LogTime no_year(unsigned month, unsigned day, Duration clock = {}) {
  return {(on(2000, month, day, clock) - on(2000, 1, 1)).count(), LogTime::Base::NoYear};
}

TEST(LogClock, TheNewestYearThatIsNotInTheFuture) {
  EXPECT_EQ(LogClock(on(2026, 11, 22)).absolute(no_year(11, 20)), on(2026, 11, 20));
  EXPECT_EQ(LogClock(on(2026, 11, 22)).absolute(no_year(11, 23)), on(2026, 11, 23))
      << "local time may run ahead of UTC";
  EXPECT_EQ(LogClock(on(2026, 11, 22)).absolute(no_year(11, 24)), on(2025, 11, 24));
  EXPECT_EQ(LogClock(on(2026, 1, 1)).absolute(no_year(12, 31)), on(2025, 12, 31));
  EXPECT_EQ(LogClock(on(2026, 5, 1)).absolute(no_year(2, 29)), on(2024, 2, 29)) << "the newest year that has the day";
  EXPECT_EQ(LogClock(on(2026, 5, 1)).absolute(no_year(3, 1)), on(2026, 3, 1));
}

TEST(LogClock, CrossesTheNewYear) {
  LogClock clock(on(2026, 1, 10));
  EXPECT_EQ(clock.absolute(no_year(12, 30)), on(2025, 12, 30));
  EXPECT_EQ(clock.absolute(no_year(12, 31, 86399s)), on(2025, 12, 31, 86399s));
  EXPECT_EQ(clock.absolute(no_year(1, 1)), on(2026, 1, 1));
  EXPECT_EQ(clock.absolute(no_year(12, 31, 86399s)), on(2025, 12, 31, 86399s)) << "written late";
  EXPECT_EQ(clock.absolute(no_year(1, 5)), on(2026, 1, 5));
  EXPECT_EQ(clock.first_year(), 2025);
}

TEST(LogClock, ADayThatTheYearDoesNotHave) {
  LogClock clock(on(2026, 5, 1));
  EXPECT_TRUE(clock.absolute(no_year(2, 1)));
  EXPECT_FALSE(clock.absolute(no_year(2, 29)));
  EXPECT_EQ(clock.absolute(no_year(3, 1)), on(2026, 3, 1));
}

TEST(LogClock, TimesNeverRunBackwards) {
  LogClock clock(on(2026, 5, 1));
  const auto at = [](Time time) { return LogTime{time.time_since_epoch().count(), LogTime::Base::Epoch}; };
  EXPECT_EQ(clock.in_order(at(on(2026, 1, 2))), on(2026, 1, 2));
  EXPECT_EQ(clock.in_order(at(on(2026, 1, 2) - 1s)), on(2026, 1, 2));
  EXPECT_EQ(clock.late(), 0U);
  EXPECT_EQ(clock.in_order(at(on(2026, 1, 1))), on(2026, 1, 2));
  EXPECT_EQ(clock.late(), 1U);
  clock.again(3);
  EXPECT_EQ(clock.late(), 4U);
  EXPECT_EQ(clock.in_order(at(on(2026, 1, 3))), on(2026, 1, 3));
  clock.again(3);
  EXPECT_EQ(clock.late(), 4U);
}

TEST(LogClock, TimesSinceTheStartOfTheMachineAreSaid) {
  LogClock clock(on(2026, 5, 1));
  EXPECT_EQ(clock.absolute({5'000'000, LogTime::Base::Boot}), Time(5s));
  EXPECT_TRUE(clock.saw_boot_times());
}

}  // namespace
}  // namespace mailweir
