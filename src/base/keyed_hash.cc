#include "base/keyed_hash.h"

#include <sodium/crypto_shorthash_siphash24.h>

#include <cstring>

namespace mailweir {

KeyedHash::KeyedHash(const Key& key) : key_(key) {
  for (std::size_t i = 0; i < secret_.size(); ++i) {
    const auto number = static_cast<std::uint8_t>(i);
    secret_[i] = (*this)({&number, 1}) | 1;  // odd: never zero
  }
}

std::uint64_t KeyedHash::operator()(std::span<const std::uint8_t> bytes) const {
  std::array<std::uint8_t, crypto_shorthash_siphash24_BYTES> digest{};
  crypto_shorthash_siphash24(digest.data(), bytes.data(), bytes.size(), key_.data());
  std::uint64_t value = 0;
  std::memcpy(&value, digest.data(), sizeof value);
  return value;
}

}  // namespace mailweir
