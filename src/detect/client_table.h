// The records of all clients, found by address, bounded in number.
//
// Invariants
//   (1) Holds at most `clients_max` records. When there is no room, a sixteenth is forgotten at once, so that
//   forgetting
//       costs a steady stream of new clients a constant each: first those with the lowest max(L, 0), of those the
//       idlest.
//   (2) An index stays valid until its client is forgotten.
// The key is a keyed 64-bit hash: two of a million clients share one with probability 3e-8 (docs/detection.md, 3.1).
#pragma once

#include <boost/unordered/unordered_flat_map.hpp>
#include <functional>
#include <memory>
#include <vector>

#include "base/keyed_hash.h"
#include "detect/client_record.h"

namespace mailweir {

class ClientTable {
 public:
  using Index = std::uint32_t;
  static constexpr Index kNone = UINT32_MAX;

  ClientTable(const KeyedHash& hash, std::uint32_t clients_max);  // of at least 1

  [[nodiscard]] Index find(IpAddress base) const;
  // REQUIRES: find(base) == kNone.   `forgotten` is told about each index that is given up.
  Index insert(IpAddress base, Time now, const std::function<void(Index)>& forgotten);

  [[nodiscard]] ClientRecord& at(Index index) { return (*chunks_[index / kChunk])[index % kChunk]; }
  [[nodiscard]] const ClientRecord& at(Index index) const { return (*chunks_[index / kChunk])[index % kChunk]; }
  // Asks for the memory of a record that is about to be changed.
  void prefetch(Index index) const {
    const auto* const bytes = reinterpret_cast<const char*>(&at(index));
    for (std::size_t i = 0; i < sizeof(ClientRecord); i += 64) __builtin_prefetch(bytes + i, 1);
  }
  [[nodiscard]] std::size_t size() const { return by_hash_.size(); }
  [[nodiscard]] std::uint64_t forgotten() const { return forgotten_; }
  [[nodiscard]] std::vector<Index> indices() const;

 private:
  static constexpr std::size_t kChunk = 256;  // records never move: growing costs no copy and no second table
  using Chunk = std::array<ClientRecord, kChunk>;
  struct Identity {
    using is_avalanching = void;
    std::size_t operator()(std::uint64_t hash) const noexcept { return hash; }
  };

  void forget_some(Time now, const std::function<void(Index)>& forgotten);

  KeyedHash hash_;
  std::uint32_t clients_max_;
  boost::unordered_flat_map<std::uint64_t, Index, Identity> by_hash_;
  std::vector<std::unique_ptr<Chunk>> chunks_;
  std::vector<Index> free_;
  std::uint64_t forgotten_ = 0;
};

}  // namespace mailweir
