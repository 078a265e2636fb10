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
  // Where the IPv4 addresses lie; an IPv6 prefix that reaches past them on both sides (::/80 and shorter) leaves them
  // out.
  constexpr IpAddress kV4First = IpAddress::v4(0), kV4Last = IpAddress::v4(~0U);
  std::vector<Range> all;
  for (const IpPrefix& prefix : prefixes) {
    const Range range{prefix.base(), last_of(prefix)};
    if (range.first < kV4First && range.last > kV4Last) {
      all.push_back({range.first, {0, kV4First.low - 1}});
      all.push_back({{0, kV4Last.low + 1}, range.last});
    } else {
      all.push_back(range);
    }
  }
  std::sort(all.begin(), all.end(), [](const Range& a, const Range& b) { return a.first < b.first; });
  for (const Range& range : all) {
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
