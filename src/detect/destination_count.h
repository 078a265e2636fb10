// How many distinct servers and destination groups a client contacted, exactly up to a limit: for recordings, whose
// reader may count them too. A live detector does not pay for this; it has the bitmap's estimate.
//
// Most clients have a handful of servers, a few have thousands, whose set is too large for a cache and is looked into
// at another place each time. So the latest IPv4 servers stand in a short list first: an ordinary client never needs
// more, and a spammer's full list is taken over at its next event, when the memory that this needs has come into the
// cache.
//
// Invariants
//   (1) Exact while at most kExactMax servers were seen, then estimated within about 2 % in 8 KiB.
//   (2) The members of the list are distinct; they may be in the set already.
#pragma once

#include <array>
#include <cstdint>
#include <memory>

#include "base/ip.h"
#include "base/keyed_hash.h"
#include "sketch/flat_set.h"
#include "sketch/hyperloglog.h"

namespace mailweir {

class DestinationCount {
 public:
  // A client of so many IPv4 servers costs 64 KiB; the limit is what fills that table.
  static constexpr std::uint32_t kExactMax = 14'336;

  // REQUIRES: the same hash and seed in every call.
  void add(IpAddress server, const KeyedHash& hash, std::uint64_t seed);

  struct Answer {
    std::uint64_t servers = 0;
    std::uint64_t groups = 0;
  };
  [[nodiscard]] Answer answer(std::uint64_t seed) const;

 private:
  static constexpr std::size_t kRecent = 16;
  struct Estimate {
    HyperLogLog servers, groups;
    void add(IpAddress server, const KeyedHash& hash);
  };
  [[nodiscard]] bool is_recent(std::uint32_t server) const;
  // REQUIRES: the list is not full. When this fills it, the memory that taking it over will need is fetched ahead.
  void note_recent(std::uint32_t server, std::uint64_t seed);
  void take_over_recent(std::uint64_t seed);
  void estimate_if_many(const KeyedHash& hash);

  std::array<std::uint32_t, kRecent> recent_{};  // 0: no server
  std::uint32_t recent_used_ = 0;
  FlatSet<std::uint32_t> v4_;
  FlatSet<IpAddress> v6_;
  std::unique_ptr<Estimate> estimate_;  // once there are too many; the sets are empty then
};

}  // namespace mailweir
