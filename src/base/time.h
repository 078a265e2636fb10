// Times and durations: microseconds since the Unix epoch, as values. Nothing here reads a clock (sys/clock does).
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace mailweir {

using Duration = std::chrono::microseconds;
using Time = std::chrono::sys_time<Duration>;

// RFC 3339 in UTC with microseconds: 2026-11-22T19:43:00.000000+00:00.
[[nodiscard]] std::string format_time(Time time);
// RFC 3339 ("T" or a space between; "Z", "+01:00" or "+0100"; a missing zone is UTC), or a date alone. Up to
// nanoseconds are read.
[[nodiscard]] std::optional<Time> parse_time(std::string_view text);

// "90s", "15m", "1h", "24h", "7d"; a number without a unit is refused.
[[nodiscard]] std::optional<Duration> parse_duration(std::string_view text);
// The two largest units that matter: "8 min 12 s", "3 d 4 h", "0.42 s".
[[nodiscard]] std::string format_duration(Duration duration);

[[nodiscard]] constexpr double seconds(Duration duration) { return std::chrono::duration<double>(duration).count(); }

}  // namespace mailweir
