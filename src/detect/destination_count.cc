#include "detect/destination_count.h"

#include <algorithm>
#include <cmath>
#include <set>
#include <span>

#include "detect/destination_group.h"

namespace mailweir {
namespace {
// What tells apart the hashes that feed the two estimates.
constexpr std::uint32_t kServerTag = 0, kGroupTag = 0x1'0000;

// `servers`: those of a family in ascending order, so that the members of a network stand together; not those of a
// provider, who has several.
std::uint64_t count_groups(std::span<const IpAddress> servers) {
  std::set<std::uint16_t> providers;
  std::uint64_t networks = 0;
  DestinationGroup latest;
  for (const IpAddress server : servers) {
    const DestinationGroup group = destination_group(server);
    if (group.provider != 0) {
      providers.insert(group.provider);
    } else if (networks == 0 || group != latest) {
      latest = group;
      ++networks;
    }
  }
  return networks + providers.size();
}
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

std::vector<IpAddress> DestinationCount::servers() const {
  DistinctList<std::uint32_t> v4 = v4_;
  v4.add(std::span(recent_).first(recent_used_));
  std::vector<IpAddress> all = v6_.distinct();
  for (const std::uint32_t bits : v4.distinct()) all.push_back(IpAddress::v4(bits));
  return all;
}

void DestinationCount::estimate_if_many(const KeyedHash& hash) {
  if (v4_.known() + v6_.known() <= kExactMax) return;
  estimate_ = std::make_unique<Estimate>();
  for (const IpAddress server : servers()) estimate_->add(server, hash);
  recent_used_ = 0;
  v4_ = {};
  v6_ = {};
}

void DestinationCount::add(IpAddress server, const KeyedHash& hash) {
  if (server.is_unspecified()) return;  // nobody's address
  if (estimate_) {
    estimate_->add(server, hash);
  } else if (!server.is_v4()) {
    v6_.add(server);
    estimate_if_many(hash);
  } else if (!is_recent(server.v4_bits())) {
    if (recent_used_ == kRecent) {
      v4_.add(recent_);
      recent_ = {};
      recent_used_ = 0;
      estimate_if_many(hash);
    }
    recent_[recent_used_++] = server.v4_bits();
  }
}

DestinationCount::Answer DestinationCount::Estimate::answer() const {
  return {static_cast<std::uint64_t>(std::llround(servers.estimate())),
          static_cast<std::uint64_t>(std::llround(groups.estimate()))};
}

DestinationCount::Answer DestinationCount::answer(const KeyedHash& hash) const {
  if (estimate_) return estimate_->answer();
  if (v4_.empty() && v6_.empty()) {  // as of most clients: nothing to put together
    std::array<IpAddress, kRecent> few;
    for (std::size_t i = 0; i < recent_used_; ++i) few[i] = IpAddress::v4(recent_[i]);
    const auto servers = std::span(few).first(recent_used_);
    std::sort(servers.begin(), servers.end());
    return {servers.size(), count_groups(servers)};
  }
  const std::vector<IpAddress> all = servers();
  if (all.size() > kExactMax) {
    const auto estimate = std::make_unique<Estimate>();
    for (const IpAddress server : all) estimate->add(server, hash);
    return estimate->answer();
  }
  return {all.size(), count_groups(all)};
}

}  // namespace mailweir
