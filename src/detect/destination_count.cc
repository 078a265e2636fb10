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

// Counts the groups of servers that come in ascending order, so that the members of a network stand together; not those
// of a provider, who has several.
class GroupCount {
 public:
  void see(IpAddress server) {
    const DestinationGroup group = destination_group(server);
    if (group.provider != 0) {
      providers_.insert(group.provider);
    } else if (networks_ == 0 || group != latest_) {
      latest_ = group;
      ++networks_;
    }
  }
  [[nodiscard]] std::uint64_t groups() const { return networks_ + providers_.size(); }

 private:
  std::set<std::uint16_t> providers_;
  std::uint64_t networks_ = 0;
  DestinationGroup latest_;
};
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

DestinationCount::Many& DestinationCount::many() {
  if (!many_) many_ = std::make_unique<Many>();
  return *many_;
}

std::vector<std::uint32_t> DestinationCount::servers_v4() const {
  const auto recent = std::span(recent_).first(recent_used_);
  return many_ ? many_->v4.distinct_with(recent) : DistinctList<std::uint32_t>().distinct_with(recent);
}

template <typename Do>
void DestinationCount::for_each_server(Do act) const {
  if (many_) {
    for (const IpAddress server : many_->v6.distinct()) act(server);
  }
  for (const std::uint32_t bits : servers_v4()) act(IpAddress::v4(bits));
}

void DestinationCount::estimate_if_many(const KeyedHash& hash) {
  if (many_->v4.known() + many_->v6.known() <= kExactMax) return;
  auto estimate = std::make_unique<Estimate>();
  for_each_server([&](IpAddress server) { estimate->add(server, hash); });
  recent_used_ = 0;
  *many_ = {.v4 = {}, .v6 = {}, .estimate = std::move(estimate)};
}

void DestinationCount::add(IpAddress server, const KeyedHash& hash) {
  if (server.is_unspecified()) return;  // nobody's address
  if (many_ && many_->estimate) {
    many_->estimate->add(server, hash);
  } else if (server.is_v4()) {
    add_v4(server.v4_bits(), hash);
  } else {
    many().v6.add(server);
    estimate_if_many(hash);
  }
}

void DestinationCount::add_v4(std::uint32_t server, const KeyedHash& hash) {
  if (is_recent(server)) return;
  if (recent_used_ == kRecent) {
    many().v4.add(recent_);
    recent_ = {};
    recent_used_ = 0;
    estimate_if_many(hash);
    if (many_->estimate) return many_->estimate->add(IpAddress::v4(server), hash);
  }
  recent_[recent_used_++] = server;
}

DestinationCount::Answer DestinationCount::Estimate::answer() const {
  return {static_cast<std::uint64_t>(std::llround(servers.estimate())),
          static_cast<std::uint64_t>(std::llround(groups.estimate()))};
}

DestinationCount::Answer DestinationCount::answer(const KeyedHash& hash) const {
  if (many_ && many_->estimate) return many_->estimate->answer();
  std::uint64_t servers = 0;
  GroupCount groups;
  for_each_server([&](IpAddress server) {
    groups.see(server);
    ++servers;
  });
  if (servers <= kExactMax) return {servers, groups.groups()};
  const auto estimate = std::make_unique<Estimate>();
  for_each_server([&](IpAddress server) { estimate->add(server, hash); });
  return estimate->answer();
}

}  // namespace mailweir
