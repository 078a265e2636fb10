#include "simulate/rule_memory.h"

#include <algorithm>

namespace mailweir::rules {

double TokenBucket::cost_of(const Limit& limit, std::uint32_t bytes) {
  const double units = limit.bytes ? bytes : 1;
  return units * static_cast<double>(limit.per_s) / static_cast<double>(std::max<std::uint64_t>(limit.rate, 1));
}

TokenBucket::TokenBucket(const Limit& limit, Time now)
    : seconds_(static_cast<double>(limit.burst) * cost_of(limit, 1)), filled_(now) {
  // A limit over bytes holds what flows in its unit of time, and the burst on top (nft_limit_init).
  if (limit.bytes) seconds_ += static_cast<double>(limit.per_s);
}

bool TokenBucket::take(const Limit& limit, std::uint32_t bytes, Time now) {
  const double full = TokenBucket(limit, now).seconds_;
  seconds_ = std::min(full, seconds_ + seconds(now - filled_));
  filled_ = now;
  const double cost = cost_of(limit, bytes);
  // Tokens are nanoseconds in the kernel; half of one forgives what doubles round away.
  if (seconds_ + 5e-10 < cost) return false;
  seconds_ -= cost;
  return true;
}

}  // namespace mailweir::rules
