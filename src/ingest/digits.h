// Decimal digits read eight at a time, without a branch for each: numbers in logs have unpredictable lengths, and a
// mispredicted branch costs as much as reading the number.
//
// Sources: the multiplications are those of D. Lemire and J. Keiser, "Number parsing at a gigabyte per second" (2021).
#pragma once

#include <bit>
#include <cstdint>
#include <cstring>

namespace mailweir {

struct Digits {
  std::uint32_t count;  // digits at the front: 0-8
  std::uint64_t value;  // of those digits; 0 when there are none
};

namespace detail {

// Eight characters, the first in the lowest byte.
inline std::uint64_t load(const char* text) {
  std::uint64_t word = 0;
  std::memcpy(&word, text, sizeof word);
  if constexpr (std::endian::native == std::endian::big) word = __builtin_bswap64(word);
  return word;
}

// The top bit of every byte that is no digit.
inline std::uint64_t others(std::uint64_t word) {
  const std::uint64_t digits = word ^ 0x3030'3030'3030'3030;  // 0-9 where there is a digit, more elsewhere
  return (((digits & 0x7f7f'7f7f'7f7f'7f7f) + 0x7676'7676'7676'7676) | digits) & 0x8080'8080'8080'8080;
}

}  // namespace detail

// `text`: eight readable bytes.
[[nodiscard]] inline Digits read_digits(const char* text) {
  const std::uint64_t word = detail::load(text);
  const auto count = static_cast<std::uint32_t>(std::countr_zero(detail::others(word))) / 8;
  if (count == 0) return {0, 0};
  // The first digit is the most significant; zeros come before it.
  std::uint64_t value = (word ^ 0x3030'3030'3030'3030) << (64 - 8 * count);
  value = (value * 10 + (value >> 8)) & 0x00ff'00ff'00ff'00ff;
  value = (value * 100 + (value >> 16)) & 0x0000'ffff'0000'ffff;
  value = (value * 10'000 + (value >> 32)) & 0xffff'ffff;
  return {count, value};
}

// Dotted decimal, as the kernel's "%pI4" writes it: no signs, no leading zeros.
struct DottedQuad {
  std::uint32_t length;  // 0: there is none
  std::uint32_t bits;
};

// `text`: sixteen readable bytes.
[[nodiscard]] inline DottedQuad read_dotted_quad(const char* text) {
  // One bit for each byte that is no digit: the dots, and what ends the address.
  const auto mask = [](std::uint64_t word) { return (detail::others(word) >> 7) * 0x0102'0408'1020'4080 >> 56; };
  auto ends = static_cast<std::uint32_t>(mask(detail::load(text)) | mask(detail::load(text + 8)) << 8 | 0x1'0000);
  std::uint32_t bits = 0, begin = 0;
  for (int part = 0; part < 4; ++part) {
    const auto end = static_cast<std::uint32_t>(std::countr_zero(ends));
    ends &= ends - 1;
    const std::uint32_t count = end - begin;
    if (count - 1 > 2) return {0, 0};
    const char* const last = text + end - 1;
    std::uint32_t value = static_cast<std::uint32_t>(*last - '0');
    if (count > 1) value += 10 * static_cast<std::uint32_t>(last[-1] - '0');
    if (count > 2) value += 100 * static_cast<std::uint32_t>(last[-2] - '0');
    if (value > 255 || (count > 1 && text[begin] == '0') || (part < 3 && text[end] != '.')) return {0, 0};
    bits = bits << 8 | value;
    begin = end + 1;
  }
  return {begin - 1, bits};
}

}  // namespace mailweir
