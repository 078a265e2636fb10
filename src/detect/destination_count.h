// How many distinct servers and destination groups a client contacted, exactly up to a limit: for recordings, whose
// reader may count them too. A live detector does not pay for this; it has the bitmap's estimate.
//
// Invariant: exact while at most kExactMax servers were seen, then estimated within about 2 % in 8 KiB.
#pragma once

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

  // REQUIRES: the same hash in every call.
  void add(IpAddress server, const KeyedHash& hash, std::uint64_t seed);

  struct Answer {
    std::uint64_t servers = 0;
    std::uint64_t groups = 0;
  };
  [[nodiscard]] Answer answer() const;

 private:
  struct Estimate {
    HyperLogLog servers, groups;
    void add(IpAddress server, const KeyedHash& hash);
  };
  FlatSet<std::uint32_t> v4_;
  FlatSet<IpAddress> v6_;
  std::unique_ptr<Estimate> estimate_;  // once there are too many; the sets are empty then
};

}  // namespace mailweir
