#include "dns/server_queue.h"

#include <algorithm>

namespace mailweir {
namespace {

// Of the rate, in seconds: enough that a loop which wakes every few milliseconds keeps up with it.
constexpr double kBurst_s = 0.02;

}  // namespace

ServerQueue::ServerQueue(const ServerQueueLimits& limits, Time now)
    : limits_(limits), burst_(std::max(1.0, limits.rate * kBurst_s)), filled_(now) {
  tokens_ = burst_;
  window_ = std::min<double>(window_, limits_.window_max);
}

void ServerQueue::refill(Time now) {
  if (now > filled_) tokens_ = std::min(burst_, tokens_ + seconds(now - filled_) * limits_.rate);
  filled_ = now;  // a clock that was set back gives nothing, and takes nothing
}

bool ServerQueue::may_probe(Time now) const { return under_way_ == 0 && now - last_sent_ >= limits_.probe_after; }

bool ServerQueue::silent(Time now) const { return dead() && (!waiting_.empty() || !may_probe(now)); }

std::optional<std::uint64_t> ServerQueue::next(Time now) {
  if (waiting_.empty() || under_way_ >= window() || (dead() && !may_probe(now))) return std::nullopt;
  if (limits_.rate > 0) {
    refill(now);
    if (tokens_ < 1) return std::nullopt;
    tokens_ -= 1;
  }
  const std::uint64_t id = waiting_.front();
  waiting_.pop_front();
  ++under_way_;
  last_sent_ = now;
  return id;
}

void ServerQueue::answered() {
  --under_way_;
  unanswered_ = 0;
  window_ = std::min<double>(limits_.window_max, window_ + (lost_before_ ? 1 / window_ : 1));
}

void ServerQueue::lost(Time now) {
  --under_way_;
  ++unanswered_;
  if (lost_before_ && now - last_loss_ < kCalm) return;
  lost_before_ = true;
  last_loss_ = now;
  window_ = std::max(1.0, window_ / 2);
}

std::optional<Duration> ServerQueue::until_next(Time now) const {
  if (waiting_.empty() || under_way_ >= window()) return std::nullopt;
  if (dead())
    return under_way_ > 0 ? std::nullopt
                          : std::optional(std::max(Duration{0}, limits_.probe_after - (now - last_sent_)));
  if (limits_.rate <= 0 || tokens_ >= 1) return Duration{0};
  return std::chrono::ceil<Duration>(std::chrono::duration<double>((1 - tokens_) / limits_.rate));
}

}  // namespace mailweir
