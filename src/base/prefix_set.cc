#include "base/prefix_set.h"

#include <algorithm>

namespace mailweir {
namespace {

IpAddress last_of(const IpPrefix& prefix) {
  const int bits = prefix.length() + (prefix.base().is_v4() ? 96 : 0);
  const auto host_bits = [](int kept) { return kept <= 0 ? ~0ULL : kept >= 64 ? 0 : ~0ULL >> kept; };
  return {prefix.base().high | host_bits(bits), prefix.base().low | host_bits(bits - 64)};
}

bool touches(IpAddress last, IpAddress first) {
  if (first <= last) return true;
  const IpAddress next{last.high + (last.low == ~0ULL ? 1 : 0), last.low + 1};
  return next == first;
}

}  // namespace

PrefixSet::PrefixSet(std::span<const IpPrefix> prefixes) {
  std::vector<IpPrefix> sorted(prefixes.begin(), prefixes.end());
  std::sort(sorted.begin(), sorted.end());
  for (const IpPrefix& prefix : sorted) {
    const Range range{prefix.base(), last_of(prefix)};
    if (!ranges_.empty() && touches(ranges_.back().last, range.first)) {
      ranges_.back().last = std::max(ranges_.back().last, range.last);
    } else {
      ranges_.push_back(range);
    }
  }
}

bool PrefixSet::contains(IpAddress address) const {
  const auto after = std::upper_bound(ranges_.begin(), ranges_.end(), address,
                                      [](const IpAddress& wanted, const Range& range) { return wanted < range.first; });
  return after != ranges_.begin() && address <= std::prev(after)->last;
}

}  // namespace mailweir
