// What rules remember from packet to packet: counters, token buckets, elements that rules put into sets.
//
// A value: a copy is where another world goes on.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "base/time.h"
#include "ruleset/model.h"

namespace mailweir::rules {

struct PacketCount {
  std::uint64_t packets = 0, bytes = 0;
  friend bool operator==(const PacketCount&, const PacketCount&) = default;
};

// A bucket of `burst` tokens that fills at `rate` per `per_s` (nft_limit.c, xt_limit.c).
class TokenBucket {
 public:
  explicit TokenBucket(const Limit& limit, Time now);
  // Takes what a packet of `bytes` costs. False: there was not enough, and nothing is taken.
  bool take(const Limit& limit, std::uint32_t bytes, Time now);

 private:
  static double cost_of(const Limit& limit, std::uint32_t bytes);
  double seconds_;  // of filling; a packet costs per_s / rate
  Time filled_;
};

using SetKey = std::vector<FieldValue>;

struct RuleMemory {
  // It all began with the first packet simulated, so lists that rules keep (recent, connection counts) are empty.
  // Otherwise what they hold is unknown.
  bool from_rest = false;
  std::vector<PacketCount> counters;             // by Program's numbers
  std::map<const Chain*, PacketCount> policies;  // packets that fell off a base chain's end
  std::map<std::pair<const void*, SetKey>, TokenBucket> buckets;
  // By rules: until when it is in; a time gone by takes out what the source had.
  std::map<const RuleSet*, std::map<SetKey, Time>> changed;
  std::map<std::string, std::map<SetKey, std::vector<Time>>> recent;  // iptables' lists: newest last
};

}  // namespace mailweir::rules
