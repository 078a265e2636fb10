#include "decide/case_id.h"

#include <fmt/chrono.h>

#include <algorithm>

namespace mailweir {
namespace {
using Tick = std::chrono::duration<std::int64_t, std::ratio<1, 10'000>>;
}

std::string case_id(Time time) {
  const auto second = std::chrono::floor<std::chrono::seconds>(time);
  const auto fraction = std::chrono::floor<Tick>(time - second);
  return fmt::format("mw-{:%Y%m%d-%H%M%S}-{:04}", fmt::gmtime(std::chrono::system_clock::to_time_t(second)),
                     fraction.count());
}

std::string CaseIds::next(Time now) {
  const auto tick = [](Time time) { return std::chrono::floor<Tick>(time); };
  last_ = std::max(Time(tick(now)), Time(tick(last_) + Tick(1)));
  return case_id(last_) + (asked_ == Asked::ByHand ? "h" : "");
}

}  // namespace mailweir
