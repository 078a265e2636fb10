// The times that log files carry: with a year and a zone, without them, or counted from the machine's start.
//
// In:  text at the start of a line.   Out: the time it says, and what is missing in it.
// Sources: RFC 3164 section 4.1.2, RFC 5424 section 6.2.3, dmesg(1) of util-linux, logread of OpenWrt's ubox.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "base/time.h"

namespace mailweir {

struct LogTime {
  enum class Base : std::uint8_t {
    Epoch,   // microseconds since 1970; without a zone in the text it is taken as UTC
    NoYear,  // microseconds since the first of January of a leap year: "Feb 29" is always a day
    Boot,    // microseconds since the machine started
  };
  std::int64_t us = 0;
  Base base = Base::Epoch;
  friend bool operator==(const LogTime&, const LogTime&) = default;
};

// Each takes its form off the front of `text` when it is there, and leaves `text` alone otherwise.
[[nodiscard]] std::optional<LogTime> take_syslog_time(std::string_view& text);  // "Jun  3 23:29:15[.123456]"
[[nodiscard]] std::optional<LogTime> take_iso_time(std::string_view& text);     // "2021-06-13T23:29:15.123456+0200"
[[nodiscard]] std::optional<LogTime> take_ctime(std::string_view& text);        // "Sun Jun 13 23:29:15 2021"
[[nodiscard]] std::optional<LogTime> take_apache_time(std::string_view& text);  // "20/Jun/2022:13:09:14 +0200"
[[nodiscard]] std::optional<LogTime> take_seconds(std::string_view& text);      // "[ 1269.733882]", base Boot
[[nodiscard]] std::optional<LogTime> take_unix_time(std::string_view& text);    // "1623626955.123456"

}  // namespace mailweir
