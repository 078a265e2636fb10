// The records of all clients, found by address, bounded in number and in size.
//
// Invariants
//   (1) Holds at most `clients_max` records, of which at most `wide_max` are wide. When there is no room, a sixteenth
//   is
//       forgotten at once, so that forgetting costs a steady stream of new clients a constant each: first those with
//       the lowest max(L, 0), of those the idlest.
//   (2) Of one IPv6 /48 it holds at most `network_max` records: what comes beyond takes the place of the most innocent
//   of
//       the same /48. (An IPv4 /24 cannot have more addresses than that.)
//   (3) An index stays valid until its client is forgotten.
// The key is a keyed hash; the address decides.
#pragma once

#include <functional>
#include <memory>
#include <unordered_map>
#include <vector>

#include "base/huge_pages.h"
#include "base/keyed_hash.h"
#include "detect/client_record.h"

namespace mailweir {

struct TableLimits {
  std::uint32_t clients_max = 1'000'000;
  std::uint32_t wide_max = 131'072;
  std::uint32_t network_max = 4'096;
};

class ClientTable {
 public:
  using Index = std::uint32_t;
  static constexpr Index kNone = UINT32_MAX;
  using Forgotten = std::function<void(Index)>;

  ClientTable(const KeyedHash& hash, TableLimits limits);
  ~ClientTable();
  ClientTable(const ClientTable&) = delete;
  ClientTable& operator=(const ClientTable&) = delete;

  [[nodiscard]] Index find(IpAddress base) const;
  // `guess`: what prefetch_record() said of it some time ago. It is asked, and only if it is wrong the table is.
  [[nodiscard]] Index find(IpAddress base, Index guess) const {
    // A record that nobody has says that it is that of ::/64.
    const bool right = guess != kNone && at(guess).base() == base && base != IpAddress{};
    return right ? guess : find(base);
  }
  // REQUIRES: find(base) == kNone.   `forgotten` is told about each index that is given up.
  Index insert(IpAddress base, Time now, const Forgotten& forgotten);
  void remove(Index index);
  // Somebody else is behind that client's address: its record begins anew.
  void renew(Index index, Time now);
  // A record became wide. It may be forgotten by this, when it is the most innocent of too many.
  void widened(Time now, const Forgotten& forgotten);

  [[nodiscard]] ClientRecord& at(Index index) { return chunks_[index / kChunk][index % kChunk]; }
  [[nodiscard]] const ClientRecord& at(Index index) const { return chunks_[index / kChunk][index % kChunk]; }

  // Asks for the memory that find() and what follows will look at, one step after the other, each when the one before
  // has had time to arrive. An index that only looks like this client's costs a fetch, nothing else.
  [[nodiscard]] std::uint64_t hash_of(IpAddress base) const { return hash_(base); }
  void prefetch_place(std::uint64_t hash) const { __builtin_prefetch(&places_[hash & (places_.size() - 1)]); }
  [[nodiscard]] Index prefetch_record(std::uint64_t hash) const {
    std::size_t place = hash & (places_.size() - 1);
    while (places_[place] != kFree && !is_tagged(places_[place], hash)) place = (place + 1) & (places_.size() - 1);
    if (places_[place] == kFree) return kNone;
    const Index index = index_of(places_[place]);
    const auto* const bytes = reinterpret_cast<const char*>(&at(index));
    __builtin_prefetch(bytes, 1);
    __builtin_prefetch(bytes + sizeof(ClientRecord) - 1, 1);
    return index;
  }
  void prefetch_rest(Index index) const { at(index).prefetch(); }
  [[nodiscard]] std::size_t size() const { return size_; }
  [[nodiscard]] std::size_t wide() const { return wide_; }
  [[nodiscard]] std::uint64_t forgotten() const { return forgotten_; }
  [[nodiscard]] std::uint64_t forgotten_by_quota() const { return forgotten_by_quota_; }
  [[nodiscard]] std::vector<Index> indices() const;

 private:
  // Records never move: growing costs no copy and no second table. Memory is used as it is needed: in small pages for
  // the first chunk, in huge ones from there on.
  static constexpr std::size_t kChunk = 131'072;
  [[nodiscard]] Index new_index();

  // An index and eight bits of its client's hash, so that a search looks at nobody else's record but for one in 256.
  using Place = std::uint32_t;
  static constexpr unsigned kIndexBits = 24;
  static constexpr Place kFree = UINT32_MAX;
  static constexpr std::uint32_t kClientsMost = (1U << kIndexBits) - 2;
  using Places = std::vector<Place, HugePageAllocator<Place>>;
  template <typename Do>
  void for_each(const Places& places, Do act) const;
  static Index index_of(Place place) { return place & ((1U << kIndexBits) - 1); }
  static bool is_tagged(Place place, std::uint64_t hash) { return place >> kIndexBits == hash >> 56; }
  static Place place_for(Index index, std::uint64_t hash) {
    return static_cast<Place>(hash >> 56 << kIndexBits) | index;
  }

  [[nodiscard]] std::size_t place_of(IpAddress base) const;  // of its index, or the free one where it would be
  void grow();
  template <typename Among>
  void forget_some(std::size_t count, Time now, const Forgotten& forgotten, Among among);
  void forget(Index index, const Forgotten& forgotten);
  void count_network(IpAddress base, int by);

  KeyedHash hash_;
  TableLimits limits_;
  Places places_;                      // open addressing
  std::vector<ClientRecord*> chunks_;  // records from 0 to made_ are constructed
  std::size_t made_ = 0;
  std::vector<Index> free_;
  std::size_t size_ = 0, wide_ = 0;
  std::unordered_map<std::uint64_t, std::uint32_t> networks_;  // IPv6 /48s: how many records
  std::uint64_t forgotten_ = 0, forgotten_by_quota_ = 0;
};

}  // namespace mailweir
