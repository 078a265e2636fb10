// A set of prefixes asked "is this address in it?" for every packet.
//
// Invariant: ranges are sorted, do not overlap and do not touch; a lookup is one binary search.
// Threads: a finished set is immutable and may be shared.
#pragma once

#include <span>
#include <vector>

#include "base/ip.h"

namespace mailweir {

class PrefixSet {
 public:
  PrefixSet() = default;
  explicit PrefixSet(std::span<const IpPrefix> prefixes);

  [[nodiscard]] bool contains(IpAddress address) const;
  [[nodiscard]] bool empty() const { return ranges_.empty(); }

 private:
  struct Range {
    IpAddress first, last;
  };
  std::vector<Range> ranges_;
};

}  // namespace mailweir
