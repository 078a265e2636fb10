// Hashes with a key, for tables whose keys an adversary chooses. Of bytes: SipHash-2-4 (Aumasson, Bernstein 2012)
// through libsodium. Of addresses, several times per connection: folded products (base/folded_hash.h) with a secret
// that SipHash makes of the key; the hashes themselves never leave the process.
#pragma once

#include <array>
#include <cstdint>
#include <span>

#include "base/folded_hash.h"
#include "base/ip.h"

namespace mailweir {

class KeyedHash {
 public:
  using Key = std::array<std::uint8_t, 16>;
  // A fixed key makes a run repeatable (analysis of files); a live process draws one at start (sys/random.h).
  explicit KeyedHash(const Key& key);

  [[nodiscard]] std::uint64_t operator()(std::span<const std::uint8_t> bytes) const;
  // Of an address and a number that tells apart what is asked about it (a port, a prefix length).
  [[nodiscard]] std::uint64_t operator()(IpAddress address, std::uint32_t tag = 0) const {
    return folded_product(folded_product(address.high ^ secret_[0], address.low ^ secret_[1]) ^ tag, secret_[2]);
  }

 private:
  Key key_;
  std::array<std::uint64_t, 3> secret_{};
};

}  // namespace mailweir
