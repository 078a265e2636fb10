// SipHash-2-4 (Aumasson, Bernstein 2012) through libsodium: for tables whose keys an adversary chooses.
#pragma once

#include <array>
#include <cstdint>
#include <span>

#include "base/ip.h"

namespace mailweir {

class KeyedHash {
 public:
  using Key = std::array<std::uint8_t, 16>;
  // A fixed key makes a run repeatable (analysis of files); a live process draws one at start (sys/random.h).
  explicit KeyedHash(const Key& key) : key_(key) {}

  [[nodiscard]] std::uint64_t operator()(std::span<const std::uint8_t> bytes) const;
  // Of an address and a number that tells apart what is asked about it (a port, a prefix length).
  [[nodiscard]] std::uint64_t operator()(IpAddress address, std::uint32_t tag = 0) const;

 private:
  Key key_;
};

}  // namespace mailweir
