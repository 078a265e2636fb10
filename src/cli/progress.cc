#include "cli/progress.h"

#include <fmt/format.h>

#include <algorithm>

namespace mailweir {
namespace {

constexpr Duration kQuietFirst = std::chrono::seconds(1);
constexpr Duration kInterval = std::chrono::milliseconds(100);

}  // namespace

void ProgressLine::show(std::uint64_t done, std::uint64_t total, const std::function<std::string()>& doing) {
  if (to_ == nullptr) return;
  const Time now = clock_.now();
  const Duration spent = now - started_;
  if (spent < kQuietFirst || now < next_) return;
  next_ = now + kInterval;
  visible_ = true;
  std::string text = "\r\x1b[K" + doing();
  if (total > 0 && done > 0 && done <= total) {
    const double share = static_cast<double>(done) / static_cast<double>(total);
    const double left_s = seconds(spent) * (1 - share) / share;
    text += fmt::format(", {:.0f} %, {} left", share * 100,
                        format_duration(std::chrono::seconds(static_cast<std::int64_t>(left_s + 1))));
  }
  std::fputs(text.c_str(), to_);
  std::fflush(to_);
}

void ProgressLine::clear() {
  if (!visible_) return;
  visible_ = false;
  std::fputs("\r\x1b[K", to_);
  std::fflush(to_);
}

}  // namespace mailweir
