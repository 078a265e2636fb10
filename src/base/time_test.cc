#include "base/time.h"

#include <gtest/gtest.h>

namespace mailweir {
namespace {

using namespace std::chrono_literals;

TEST(Time, PrintsAndReadsTheSameInstant) {
  const Time time = std::chrono::sys_days(2026y / 11 / 22) + 19h + 43min + 7s + 42us;
  EXPECT_EQ(format_time(time), "2026-11-22T19:43:07.000042+00:00");
  EXPECT_EQ(parse_time(format_time(time)), time);
}

TEST(Time, ReadsEveryFormOfZoneAndFraction) {
  const Time noon = std::chrono::sys_days(2024y / 2 / 29) + 12h;
  for (const char* text :
       {"2024-02-29T12:00:00Z", "2024-02-29 12:00", "2024-02-29T13:00:00+01:00", "2024-02-29T07:00:00-0500",
        "2024-02-29T12:00:00.000000999Z", "2024-02-29T12:00:00,0+00:00"}) {
    EXPECT_EQ(parse_time(text), noon) << text;
  }
}

TEST(Time, RefusesWhatIsNoTime) {
  for (const char* text :
       {"", "2026", "2026-13-01", "2025-02-29", "2026-01-01T24:00", "2026-01-01T00:00:61", "2026-01-01T00:00:00.",
        "2026-01-01T00:00:00+1", "2026-01-01T00:00:00Zx", "20260101", "2026-01-01x"}) {
    EXPECT_FALSE(parse_time(text)) << text;
  }
}

TEST(Duration, ReadsUnitsAndRefusesBareNumbers) {
  EXPECT_EQ(parse_duration("90s"), 90s);
  EXPECT_EQ(parse_duration("15m"), 15min);
  EXPECT_EQ(parse_duration("24h"), 24h);
  EXPECT_EQ(parse_duration("7d"), 168h);
  for (const char* text : {"", "90", "h", "-1h", "1w", "1 h", "99999999999999999999s", "9223372036854775807d"}) {
    EXPECT_FALSE(parse_duration(text)) << text;
  }
}

TEST(Duration, PrintsItsTwoLargestUnits) {
  EXPECT_EQ(format_duration(8min + 12s), "8 min 12 s");
  EXPECT_EQ(format_duration(3h), "3 h");
  EXPECT_EQ(format_duration(76h + 59min), "3 d 4 h");
  EXPECT_EQ(format_duration(420ms), "0.42 s");
}

}  // namespace
}  // namespace mailweir
