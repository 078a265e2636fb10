#include "detect/destination_sizes.h"

#include <algorithm>

#include "detect/numbers.h"

namespace mailweir {

using namespace numbers;

void DestinationSizes::learn(std::uint64_t group, std::uint32_t payload) {
  if (groups_.empty()) groups_.resize(kGroups);
  Group* const first = &groups_[group % (kGroups / kWays) * kWays];
  Group* const end = first + kWays;
  Group* place = std::find_if(first, end, [&](const Group& one) { return one.seen > 0 && one.mark == group; });
  if (place == end) {
    place = std::max_element(first, end, [](const Group& a, const Group& b) {
      return a.seen == 0 ? false : b.seen == 0 || a.unheard < b.unheard;
    });
    *place = {.mark = group, .small = static_cast<float>(payload)};
  }
  for (Group* one = first; one != end; ++one)
    if (one->unheard < UINT16_MAX) ++one->unheard;
  place->unheard = 0;
  if (place->seen < UINT16_MAX) ++place->seen;
  // Stochastic approximation of a quantile: up by a tenth of a step for what is larger, down by nine tenths for what is
  // smaller; steps are in proportion, and shrink while little was seen.
  const float step = place->small * std::clamp(1.0F / static_cast<float>(place->seen), kSizeStep, kSizeFirstStep);
  place->small += static_cast<float>(payload) > place->small ? 0.1F * step : -0.9F * step;
}

Outcome DestinationSizes::judge(std::uint64_t group, Outcome outcome, std::uint32_t payload) const {
  if (groups_.empty() || payload == 0 || (outcome != Outcome::Grey && outcome != Outcome::Delivered)) return outcome;
  const Group* const first = &groups_[group % (kGroups / kWays) * kWays];
  const Group* const found = std::find_if(first, first + kWays, [&](const Group& one) { return one.mark == group; });
  if (found == first + kWays || found->seen < kSizesLearnedMin) return outcome;
  const float small = std::min(found->small, kShortMax);
  const auto bytes = static_cast<float>(payload);
  if (bytes < kShortOfSmall * small) return Outcome::Short;
  return bytes < small ? Outcome::Grey : outcome;
}

}  // namespace mailweir
