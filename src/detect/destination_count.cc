#include "detect/destination_count.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "detect/destination_group.h"

namespace mailweir {
namespace {
// What tells apart the hashes that feed the two estimates.
constexpr std::uint32_t kServerTag = 0, kGroupTag = 0x1'0000;
}  // namespace

void DestinationCount::Estimate::add(IpAddress server, const KeyedHash& hash) {
  const DestinationGroup group = destination_group(server);
  servers.add(hash(server, kServerTag));
  groups.add(hash(group.base, kGroupTag | group.provider));
}

bool DestinationCount::is_recent(std::uint32_t server) const {
  bool found = false;
  for (const std::uint32_t other : recent_) found |= other == server;  // all of them: no branch to mispredict
  return found;
}

void DestinationCount::note_recent(std::uint32_t server, std::uint64_t seed) {
  recent_[recent_used_++] = server;
  if (recent_used_ < kRecent) return;
  for (const std::uint32_t other : recent_) v4_.prefetch(other, seed);
}

void DestinationCount::take_over_recent(std::uint64_t seed) {
  for (const std::uint32_t server : recent_) v4_.insert(server, seed);
  recent_ = {};
  recent_used_ = 0;
}

void DestinationCount::estimate_if_many(const KeyedHash& hash) {
  if (v4_.size() + v6_.size() <= kExactMax) return;
  estimate_ = std::make_unique<Estimate>();
  v4_.for_each([&](std::uint32_t bits) { estimate_->add(IpAddress::v4(bits), hash); });
  v6_.for_each([&](IpAddress address) { estimate_->add(address, hash); });
  for (const std::uint32_t bits : recent_) {
    if (bits != 0) estimate_->add(IpAddress::v4(bits), hash);
  }
  v4_ = {};
  v6_ = {};
}

void DestinationCount::add(IpAddress server, const KeyedHash& hash, std::uint64_t seed) {
  if (server.is_unspecified()) return;  // nobody's address; the sets cannot hold it
  if (estimate_) {
    estimate_->add(server, hash);
  } else if (!server.is_v4()) {
    v6_.insert(server, seed);
    estimate_if_many(hash);
  } else if (!is_recent(server.v4_bits())) {
    if (recent_used_ == kRecent) take_over_recent(seed);
    note_recent(server.v4_bits(), seed);
    estimate_if_many(hash);
  }
}

DestinationCount::Answer DestinationCount::answer(std::uint64_t seed) const {
  if (estimate_) {
    return {static_cast<std::uint64_t>(std::llround(estimate_->servers.estimate())),
            static_cast<std::uint64_t>(std::llround(estimate_->groups.estimate()))};
  }
  constexpr std::uint32_t kNetwork = 1U << 24;  // tells a /24 from a provider
  std::uint64_t servers = v4_.size() + v6_.size();
  FlatSet<std::uint32_t> groups;
  std::vector<std::uint64_t> v6_networks;
  const auto add_group = [&](IpAddress server) {
    const DestinationGroup group = destination_group(server);
    if (group.provider != 0) {
      groups.insert(group.provider, seed);
    } else if (server.is_v4()) {
      groups.insert(kNetwork | group.base.v4_bits() >> 8, seed);
    } else {
      v6_networks.push_back(group.base.high);
    }
  };
  v4_.for_each([&](std::uint32_t bits) { add_group(IpAddress::v4(bits)); });
  v6_.for_each(add_group);
  for (const std::uint32_t bits : recent_) {
    if (bits == 0 || v4_.contains(bits, seed)) continue;
    ++servers;
    add_group(IpAddress::v4(bits));
  }
  std::sort(v6_networks.begin(), v6_networks.end());
  const auto distinct = std::unique(v6_networks.begin(), v6_networks.end()) - v6_networks.begin();
  return {servers, groups.size() + static_cast<std::uint64_t>(distinct)};
}

}  // namespace mailweir
