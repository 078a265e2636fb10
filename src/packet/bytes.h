// Network-order numbers out of bytes whose length the caller has checked.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace mailweir {

using Bytes = std::span<const std::uint8_t>;

// REQUIRES: at + 2 <= bytes.size().
[[nodiscard]] constexpr std::uint16_t read_u16(Bytes bytes, std::size_t at) {
  return static_cast<std::uint16_t>(bytes[at] << 8 | bytes[at + 1]);
}

// REQUIRES: at + 4 <= bytes.size().
[[nodiscard]] constexpr std::uint32_t read_u32(Bytes bytes, std::size_t at) {
  return std::uint32_t{read_u16(bytes, at)} << 16 | read_u16(bytes, at + 2);
}

}  // namespace mailweir
