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

void DestinationCount::add(IpAddress server, const KeyedHash& hash, std::uint64_t seed) {
  if (server.is_unspecified()) return;  // nobody's address; the sets cannot hold it
  if (estimate_) {
    estimate_->add(server, hash);
    return;
  }
  if (server.is_v4()) {
    v4_.insert(server.v4_bits(), seed);
  } else {
    v6_.insert(server, seed);
  }
  if (v4_.size() + v6_.size() <= kExactMax) return;
  estimate_ = std::make_unique<Estimate>();
  v4_.for_each([&](std::uint32_t bits) { estimate_->add(IpAddress::v4(bits), hash); });
  v6_.for_each([&](IpAddress address) { estimate_->add(address, hash); });
  v4_ = {};
  v6_ = {};
}

DestinationCount::Answer DestinationCount::answer() const {
  if (estimate_) {
    return {static_cast<std::uint64_t>(std::llround(estimate_->servers.estimate())),
            static_cast<std::uint64_t>(std::llround(estimate_->groups.estimate()))};
  }
  std::vector<DestinationGroup> groups;
  groups.reserve(v4_.size() + v6_.size());
  v4_.for_each([&](std::uint32_t bits) { groups.push_back(destination_group(IpAddress::v4(bits))); });
  v6_.for_each([&](IpAddress address) { groups.push_back(destination_group(address)); });
  std::sort(groups.begin(), groups.end());
  groups.erase(std::unique(groups.begin(), groups.end()), groups.end());
  return {v4_.size() + v6_.size(), groups.size()};
}

}  // namespace mailweir
