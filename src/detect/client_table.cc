#include "detect/client_table.h"

#include <algorithm>
#include <tuple>
#include <utility>

namespace mailweir {
namespace {

constexpr std::size_t kForgetShare = 16;
constexpr std::size_t kPlacesMin = 1'024;

std::uint64_t network_of(IpAddress base) { return base.high >> 16; }

}  // namespace

ClientTable::ClientTable(const KeyedHash& hash, TableLimits limits)
    : hash_(hash), limits_(limits), places_(kPlacesMin, kNone) {
  limits_.clients_max = std::max(limits_.clients_max, 1U);
  limits_.wide_max = std::max(limits_.wide_max, 1U);
  limits_.network_max = std::max(limits_.network_max, 1U);
}

std::size_t ClientTable::place_of(IpAddress base) const {
  std::size_t place = home_of(base);
  while (places_[place] != kNone && at(places_[place]).base() != base) place = (place + 1) & (places_.size() - 1);
  return place;
}

ClientTable::Index ClientTable::find(IpAddress base) const { return places_[place_of(base)]; }

void ClientTable::grow() {
  std::vector<Index> before = std::move(places_);
  places_.assign(before.size() * 2, kNone);
  for (const Index index : before) {
    if (index != kNone) places_[place_of(at(index).base())] = index;
  }
}

ClientTable::Index ClientTable::insert(IpAddress base, Time now, const Forgotten& forgotten) {
  if (!base.is_v4()) {
    const auto network = networks_.find(network_of(base));
    if (network != networks_.end() && network->second >= limits_.network_max) {
      const std::uint64_t before = forgotten_;
      forget_some(std::max<std::size_t>(limits_.network_max / kForgetShare, 1), now, forgotten,
                  [&](const ClientRecord& client) {
                    return !client.base().is_v4() && network_of(client.base()) == network_of(base);
                  });
      forgotten_by_quota_ += forgotten_ - before;
    }
  }
  if (size_ >= limits_.clients_max) {
    forget_some(std::max<std::size_t>(size_ / kForgetShare, 1), now, forgotten, [](const auto&) { return true; });
  }
  // Up to three quarters full: a search then looks at two or three places.
  if (4 * (size_ + 1) > 3 * places_.size()) grow();
  if (free_.empty()) {
    const auto first = static_cast<Index>(chunks_.size() * kChunk);
    chunks_.push_back(std::make_unique<Chunk>());
    for (std::size_t i = kChunk; i-- > 0;) free_.push_back(first + static_cast<Index>(i));
  }
  const Index index = free_.back();
  free_.pop_back();
  at(index) = ClientRecord(base, now);
  places_[place_of(base)] = index;
  ++size_;
  count_network(base, 1);
  return index;
}

void ClientTable::count_network(IpAddress base, int by) {
  if (base.is_v4()) return;
  const auto network = networks_.try_emplace(network_of(base), 0U).first;
  network->second += static_cast<std::uint32_t>(by);
  if (network->second == 0) networks_.erase(network);
}

void ClientTable::remove(Index index) {
  // Whoever stands behind it and could not have its place moves up, so that every search still ends where it should.
  std::size_t gap = place_of(at(index).base());
  places_[gap] = kNone;
  for (std::size_t next = (gap + 1) & (places_.size() - 1); places_[next] != kNone;
       next = (next + 1) & (places_.size() - 1)) {
    const std::size_t home = home_of(at(places_[next]).base());
    const bool reaches = gap <= next ? home <= gap || home > next : home <= gap && home > next;
    if (!reaches) continue;
    places_[gap] = std::exchange(places_[next], kNone);
    gap = next;
  }
  if (at(index).is_wide()) --wide_;
  count_network(at(index).base(), -1);
  at(index) = ClientRecord();
  free_.push_back(index);
  --size_;
}

void ClientTable::forget(Index index, const Forgotten& forgotten) {
  remove(index);
  ++forgotten_;
  forgotten(index);
}

template <typename Among>
void ClientTable::forget_some(std::size_t count, Time now, const Forgotten& forgotten, Among among) {
  struct Candidate {
    double guilt;
    Time last_seen;
    IpAddress base;
    Index index;
  };
  std::vector<Candidate> candidates;
  for (const Index index : places_) {
    if (index == kNone || !among(at(index))) continue;
    const ClientRecord& client = at(index);
    candidates.push_back({std::max(client.score_user(now), 0.0), client.last_seen(), client.base(), index});
  }
  count = std::min(count, candidates.size());
  if (count == 0) return;
  const auto last = candidates.begin() + static_cast<std::ptrdiff_t>(count);
  std::nth_element(candidates.begin(), last - 1, candidates.end(), [](const Candidate& a, const Candidate& b) {
    return std::tie(a.guilt, a.last_seen, a.base) < std::tie(b.guilt, b.last_seen, b.base);
  });
  for (auto candidate = candidates.begin(); candidate != last; ++candidate) forget(candidate->index, forgotten);
}

void ClientTable::renew(Index index, Time now) {
  if (at(index).is_wide()) --wide_;
  at(index).begin_anew(now);
}

void ClientTable::widened(Time now, const Forgotten& forgotten) {
  if (++wide_ <= limits_.wide_max) return;
  forget_some(std::max<std::size_t>(wide_ / kForgetShare, 1), now, forgotten,
              [](const ClientRecord& client) { return client.is_wide(); });
}

std::vector<ClientTable::Index> ClientTable::indices() const {
  std::vector<Index> all;
  all.reserve(size_);
  for (const Index index : places_) {
    if (index != kNone) all.push_back(index);
  }
  return all;
}

}  // namespace mailweir
