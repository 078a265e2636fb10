// How many distinct servers and destination groups a client contacted, exactly up to a limit: for recordings, whose
// reader may count them too. A live detector does not pay for this; it has the bitmap's estimate.
//
// Most clients have a handful of servers, which a short list holds; only what pushes others out of it is put down.
//
// Invariants
//   (1) Exact while at most kExactMax servers were seen, then estimated within about 2 % in 8 KiB.
//   (2) The latest are distinct; they may be among those put down already.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <vector>

#include "base/ip.h"
#include "base/keyed_hash.h"
#include "sketch/distinct_list.h"
#include "sketch/hyperloglog.h"

namespace mailweir {

// A cache line each: most events of a recording look at one.
class alignas(64) DestinationCount {
 public:
  // A client of so many IPv4 servers costs 64 KiB; beyond, it would cost twice that.
  static constexpr std::uint32_t kExactMax = 14'336;

  // REQUIRES: the same hash in every call.
  void add(IpAddress server, const KeyedHash& hash);

  // Asks for the memory that add() will look at: this, and when that is there what hangs on it.
  void prefetch() const { __builtin_prefetch(this, 1); }
  void prefetch_rest() const {
    if (recent_used_ == kRecent && many_) many_->v4.prefetch_end();
  }

  struct Answer {
    std::uint64_t servers = 0;
    std::uint64_t groups = 0;
  };
  [[nodiscard]] Answer answer(const KeyedHash& hash) const;

 private:
  static constexpr std::size_t kRecent = 12;
  struct Estimate {
    HyperLogLog servers, groups;
    void add(IpAddress server, const KeyedHash& hash);
    [[nodiscard]] Answer answer() const;
  };
  // What few clients need.
  struct Many {
    DistinctList<std::uint32_t> v4;
    DistinctList<IpAddress> v6;
    std::unique_ptr<Estimate> estimate;  // once there are too many; everything else is empty then
  };
  Many& many();
  [[nodiscard]] std::vector<std::uint32_t> servers_v4() const;
  // Every server that is known, each once; those of a family in ascending order.
  template <typename Do>
  void for_each_server(Do act) const;
  [[nodiscard]] bool is_recent(std::uint32_t server) const;
  void add_v4(std::uint32_t server, const KeyedHash& hash);
  void estimate_if_many(const KeyedHash& hash);

  std::array<std::uint32_t, kRecent> recent_{};  // 0: no server
  std::uint32_t recent_used_ = 0;
  std::unique_ptr<Many> many_;
};

}  // namespace mailweir
