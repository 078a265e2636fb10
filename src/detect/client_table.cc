#include "detect/client_table.h"

#include <algorithm>
#include <tuple>

namespace mailweir {
namespace {
constexpr std::uint32_t kForgetShare = 16;
}

ClientTable::ClientTable(const KeyedHash& hash, std::uint32_t clients_max)
    : hash_(hash), clients_max_(std::max(clients_max, 1U)) {}

ClientTable::Index ClientTable::find(IpAddress base) const {
  const auto found = by_hash_.find(hash_(base));
  return found == by_hash_.end() ? kNone : found->second;
}

ClientTable::Index ClientTable::insert(IpAddress base, Time now, const std::function<void(Index)>& forgotten) {
  if (by_hash_.size() >= clients_max_) forget_some(now, forgotten);
  if (free_.empty()) {
    const auto first = static_cast<Index>(chunks_.size() * kChunk);
    chunks_.push_back(std::make_unique<Chunk>());
    for (std::size_t i = kChunk; i-- > 0;) free_.push_back(first + static_cast<Index>(i));
  }
  const Index index = free_.back();
  free_.pop_back();
  at(index) = ClientRecord(base, now);
  by_hash_.emplace(hash_(base), index);
  return index;
}

void ClientTable::forget_some(Time now, const std::function<void(Index)>& forgotten) {
  struct Candidate {
    double guilt;
    Time last_seen;
    IpAddress base;
    Index index;
  };
  std::vector<Candidate> candidates;
  candidates.reserve(by_hash_.size());
  for (const auto& [hash, index] : by_hash_) {
    const ClientRecord& client = at(index);
    candidates.push_back({std::max(client.score_user(now), 0.0), client.last_seen(), client.base(), index});
  }
  const auto count = static_cast<std::ptrdiff_t>(std::max<std::size_t>(candidates.size() / kForgetShare, 1));
  std::nth_element(candidates.begin(), candidates.begin() + (count - 1), candidates.end(),
                   [](const Candidate& a, const Candidate& b) {
                     return std::tie(a.guilt, a.last_seen, a.base) < std::tie(b.guilt, b.last_seen, b.base);
                   });
  for (auto candidate = candidates.begin(); candidate != candidates.begin() + count; ++candidate) {
    by_hash_.erase(hash_(candidate->base));
    free_.push_back(candidate->index);
    forgotten(candidate->index);
  }
  forgotten_ += static_cast<std::uint64_t>(count);
}

std::vector<ClientTable::Index> ClientTable::indices() const {
  std::vector<Index> all;
  all.reserve(by_hash_.size());
  for (const auto& [hash, index] : by_hash_) all.push_back(index);
  return all;
}

}  // namespace mailweir
