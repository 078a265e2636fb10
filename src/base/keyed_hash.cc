#include "base/keyed_hash.h"

#include <sodium/crypto_shorthash_siphash24.h>

#include <cstring>

namespace mailweir {

std::uint64_t KeyedHash::operator()(std::span<const std::uint8_t> bytes) const {
  std::array<std::uint8_t, crypto_shorthash_siphash24_BYTES> digest{};
  crypto_shorthash_siphash24(digest.data(), bytes.data(), bytes.size(), key_.data());
  std::uint64_t value = 0;
  std::memcpy(&value, digest.data(), sizeof value);
  return value;
}

std::uint64_t KeyedHash::operator()(IpAddress address, std::uint32_t tag) const {
  std::array<std::uint8_t, 20> bytes{};
  std::memcpy(bytes.data(), &address.high, 8);
  std::memcpy(bytes.data() + 8, &address.low, 8);
  std::memcpy(bytes.data() + 16, &tag, 4);
  return (*this)(bytes);
}

}  // namespace mailweir
