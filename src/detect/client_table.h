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

  [[nodiscard]] Index find(IpAddress base) const;
  // REQUIRES: find(base) == kNone.   `forgotten` is told about each index that is given up.
  Index insert(IpAddress base, Time now, const Forgotten& forgotten);
  void remove(Index index);
  // Somebody else is behind that client's address: its record begins anew.
  void renew(Index index, Time now);
  // A record became wide. It may be forgotten by this, when it is the most innocent of too many.
  void widened(Time now, const Forgotten& forgotten);

  [[nodiscard]] ClientRecord& at(Index index) { return (*chunks_[index / kChunk])[index % kChunk]; }
  [[nodiscard]] const ClientRecord& at(Index index) const { return (*chunks_[index / kChunk])[index % kChunk]; }
  // Asks for the memory of a record that is about to be changed.
  void prefetch(Index index) const {
    const auto* const bytes = reinterpret_cast<const char*>(&at(index));
    for (std::size_t i = 0; i < sizeof(ClientRecord); i += 64) __builtin_prefetch(bytes + i, 1);
  }
  [[nodiscard]] std::size_t size() const { return size_; }
  [[nodiscard]] std::size_t wide() const { return wide_; }
  [[nodiscard]] std::uint64_t forgotten() const { return forgotten_; }
  [[nodiscard]] std::uint64_t forgotten_by_quota() const { return forgotten_by_quota_; }
  [[nodiscard]] std::vector<Index> indices() const;

 private:
  static constexpr std::size_t kChunk = 256;  // records never move: growing costs no copy and no second table
  using Chunk = std::array<ClientRecord, kChunk>;

  [[nodiscard]] std::size_t home_of(IpAddress base) const { return hash_(base) & (places_.size() - 1); }
  [[nodiscard]] std::size_t place_of(IpAddress base) const;  // of its index, or the free one where it would be
  void grow();
  template <typename Among>
  void forget_some(std::size_t count, Time now, const Forgotten& forgotten, Among among);
  void forget(Index index, const Forgotten& forgotten);
  void count_network(IpAddress base, int by);

  KeyedHash hash_;
  TableLimits limits_;
  std::vector<Index> places_;  // open addressing; kNone: free
  std::vector<std::unique_ptr<Chunk>> chunks_;
  std::vector<Index> free_;
  std::size_t size_ = 0, wide_ = 0;
  std::unordered_map<std::uint64_t, std::uint32_t> networks_;  // IPv6 /48s: how many records
  std::uint64_t forgotten_ = 0, forgotten_by_quota_ = 0;
};

}  // namespace mailweir
