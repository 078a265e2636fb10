#include "detect/address_sites.h"

#include <algorithm>
#include <bit>
#include <utility>

#include "detect/numbers.h"

namespace mailweir {

using namespace numbers;

namespace {
IpAddress site_of(IpAddress network) { return {network.high & ~std::uint64_t{0} << (64 - kSiteLength), 0}; }
}  // namespace

unsigned AddressSites::networks(const Site& site) { return static_cast<unsigned>(std::popcount(site.networks)); }

AddressSites::Site* AddressSites::watched(IpAddress network) {
  if (watched_.empty()) return nullptr;
  const auto found = watched_.find(site_of(network).high);
  return found == watched_.end() ? nullptr : &found->second;
}

// Its own place, else the one that was silent for longest.
AddressSites::Place& AddressSites::place_of(std::uint64_t mark, Time now) {
  if (places_.empty()) places_.resize(kSites);
  const auto first = places_.begin() + static_cast<std::ptrdiff_t>(mark % (kSites / kWays) * kWays);
  const auto end = first + kWays;
  auto place = std::find_if(first, end, [&](const Place& one) { return one.mark == mark; });
  if (place == end)
    place = std::min_element(first, end, [](const Place& a, const Place& b) { return a.latest < b.latest; });
  if (place->mark != mark || now - place->since > kHopperWindow) *place = {.mark = mark, .since = now};
  place->latest = now;
  return *place;
}

void AddressSites::noticed(IpAddress network, Sign sign, Time now) {
  const IpAddress site = site_of(network);
  Place& place = place_of(hash_(site, kSiteLength), now);
  (sign == Sign::Suspicious ? place.suspicious : place.contacting) |= bit_of(network);
  if (std::popcount(place.suspicious) < kHopperSuspicious && std::popcount(place.contacting) < kHopperContacting)
    return;
  if (!watched_.contains(site.high)) watch(site, now);
}

void AddressSites::watch(IpAddress site, Time now) {
  if (watched_.size() >= kSitesWatched) {
    const auto guilt = [&](const auto& one) {
      return std::pair(std::max(one.second.record.score_user(now), 0.0), one.second.record.last_seen());
    };
    watched_.erase(std::min_element(watched_.begin(), watched_.end(),
                                    [&](const auto& a, const auto& b) { return guilt(a) < guilt(b); }));
    ++forgotten_;
  }
  watched_.emplace(site.high, Site{ClientRecord(site, now)});
}

}  // namespace mailweir
