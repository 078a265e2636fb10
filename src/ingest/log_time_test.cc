#include "ingest/log_time.h"

#include <gtest/gtest.h>

namespace mailweir {
namespace {

constexpr std::int64_t kSecond = 1'000'000, kDay = 86'400 * kSecond;
constexpr std::int64_t kInstant = 1'623'626'955 * kSecond;  // 2021-06-13T23:29:15Z
using Take = std::optional<LogTime> (*)(std::string_view&);

void expect(Take take, std::string_view text, LogTime wanted, std::string_view rest) {
  std::string_view left = text;
  const auto time = take(left);
  ASSERT_TRUE(time) << text;
  EXPECT_EQ(time->us, wanted.us) << text;
  EXPECT_EQ(time->base, wanted.base) << text;
  EXPECT_EQ(left, rest) << text;
}

TEST(LogTime, SyslogTimesHaveNoYear) {
  const auto no_year = LogTime::Base::NoYear;
  expect(take_syslog_time, "Jan  1 00:00:00 gw", {0, no_year}, " gw");
  expect(take_syslog_time, "Jan 1 00:00:00 gw", {0, no_year}, " gw");
  expect(take_syslog_time, "Feb 29 00:00:00", {59 * kDay, no_year}, "");
  expect(take_syslog_time, "Mar  1 00:00:01.5 gw", {60 * kDay + kSecond * 3 / 2, no_year}, " gw");
  expect(take_syslog_time, "Dec 31 23:59:60", {365 * kDay + kDay, no_year}, "");
}

TEST(LogTime, EveryOtherFormGivesTheSameInstant) {
  const auto epoch = LogTime::Base::Epoch;
  for (const char* text : {"2021-06-13T23:29:15Z x", "2021-06-14T01:29:15+02:00 x", "2021-06-13T18:29:15-0500 x",
                           "2021-06-13T23:29:15.000000+0000 x", "2021-06-13T23:29:15,000000+00:00 x",
                           "2021-06-13 23:29:15 x", "2021-06-14T01:29:15+02 x"}) {
    expect(take_iso_time, text, {kInstant, epoch}, " x");
  }
  expect(take_ctime, "Sun Jun 13 23:29:15 2021 x", {kInstant, epoch}, " x");
  expect(take_apache_time, "13/Jun/2021:23:29:15 +0000 x", {kInstant, epoch}, " x");
  expect(take_unix_time, "1623626955.25 x", {kInstant + kSecond / 4, epoch}, " x");
  expect(take_seconds, "[    3.500000] x", {kSecond * 7 / 2, LogTime::Base::Boot}, " x");
}

TEST(LogTime, RefusesWhatIsNoTimeAndTakesNothing) {
  const auto refuse = [](Take take, std::string_view text) {
    std::string_view left = text;
    EXPECT_FALSE(take(left)) << text;
    EXPECT_EQ(left, text);
  };
  for (const char* text : {"", "Jun", "Jun 31 00:00:00", "Jun 13 24:00:00", "Jun 13 23:29:1", "jun 13 23:29:15",
                           "Jun  0 00:00:00", "Jun 13  23:29:15", "Feb 30 00:00:00", "Jun 13 23:29:15."}) {
    refuse(take_syslog_time, text);
  }
  for (const char* text :
       {"2021-02-29T00:00:00Z", "2021-13-01T00:00:00Z", "2021-06-13T23:29", "2021-06-13T23:29:15+99:00"}) {
    refuse(take_iso_time, text);
  }
  for (const char* text : {"[", "[1", "[1.", "[1.5", "[.5]", "[9999999999999.0]", "[1.5 ]"}) refuse(take_seconds, text);
  for (const char* text : {"Foo Jun 13 23:29:15 2021", "Sun Jun 13 23:29:15", "Sun Feb 29 23:29:15 2021"})
    refuse(take_ctime, text);
}

}  // namespace
}  // namespace mailweir
