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

// Eight characters, the first in the lowest byte.
inline std::uint64_t load_eight(const char* text) {
  std::uint64_t word = 0;
  std::memcpy(&word, text, sizeof word);
  if constexpr (std::endian::native == std::endian::big) word = __builtin_bswap64(word);
  return word;
}

namespace detail {

inline std::uint32_t load_four(const char* text) {
  std::uint32_t word = 0;
  std::memcpy(&word, text, sizeof word);
  if constexpr (std::endian::native == std::endian::big) word = __builtin_bswap32(word);
  return word;
}

// The top bit of every byte that is no digit.
inline std::uint64_t others(std::uint64_t word) {
  const std::uint64_t digits = word ^ 0x3030'3030'3030'3030;  // 0-9 where there is a digit, more elsewhere
  return (((digits & 0x7f7f'7f7f'7f7f'7f7f) + 0x7676'7676'7676'7676) | digits) & 0x8080'8080'8080'8080;
}

}  // namespace detail

// `text`: eight readable bytes.
[[nodiscard, gnu::always_inline]] inline Digits read_digits(const char* text) {
  const std::uint64_t word = load_eight(text);
  const auto count = static_cast<std::uint32_t>(std::countr_zero(detail::others(word))) / 8;
  if (count == 0) return {0, 0};
  // The first digit is the most significant; zeros come before it.
  std::uint64_t value = (word ^ 0x3030'3030'3030'3030) << (64 - 8 * count);
  value = (value * 10 + (value >> 8)) & 0x00ff'00ff'00ff'00ff;
  value = (value * 100 + (value >> 16)) & 0x0000'ffff'0000'ffff;
  value = (value * 10'000 + (value >> 32)) & 0xffff'ffff;
  return {count, value};
}

// Five characters as `load_eight(end - 8) >> 24` has those that end there.
constexpr std::uint64_t five_characters(const char (&text)[6]) {
  std::uint64_t value = 0;
  for (int i = 4; i >= 0; --i) value = value << 8 | static_cast<unsigned char>(text[i]);
  return value;
}

// Dotted decimal, as the kernel's "%pI4" writes it: no signs, no leading zeros.
struct DottedQuad {
  std::uint32_t length;  // 0: there is none
  std::uint32_t bits;
};

namespace detail {

// One bit for each of sixteen characters that is no digit: the dots, and what stands around the address.
inline std::uint32_t other_bits(const char* text) {
  const auto bits = [](std::uint64_t word) { return (others(word) >> 7) * 0x0102'0408'1020'4080 >> 56; };
  return static_cast<std::uint32_t>(bits(load_eight(text)) | bits(load_eight(text + 8)) << 8);
}

// The number whose digits stand in text[begin, end), in [0, 255] and without leading zeros, or more than 255.
// REQUIRES: four readable bytes before `end`.
inline std::uint32_t read_part(const char* text, std::uint32_t begin, std::uint32_t end) {
  // By the number of digits: which of four bytes are digits, and the least value without a leading zero.
  static constexpr std::uint32_t kDigitBytes[] = {0, 0xff00'0000, 0xffff'0000, 0xffff'ff00},
                                 kLeast[] = {1000, 0, 10, 100};
  const std::uint32_t count = end - begin;
  if (count > 3) return 1000;
  // The digits, the last in the highest byte. What stands before them is read too, and masked.
  const std::uint32_t digits = (load_four(text + end - 4) ^ 0x3030'3030) & kDigitBytes[count];
  const std::uint32_t value = (digits >> 24) + 10 * (digits >> 16 & 255) + 100 * (digits >> 8 & 255);
  return value < kLeast[count] ? 1000 : value;
}

}  // namespace detail

// The address at `text`. REQUIRES: sixteen readable bytes, and four before them.
[[nodiscard]] inline DottedQuad read_dotted_quad(const char* text) {
  std::uint32_t ends = detail::other_bits(text) | 0x1'0000;
  std::uint32_t bits = 0, begin = 0;
#pragma GCC unroll 4
  for (int part = 0; part < 4; ++part) {
    const auto end = static_cast<std::uint32_t>(std::countr_zero(ends));
    ends &= ends - 1;
    const std::uint32_t value = detail::read_part(text, begin, end);
    if (value > 255 || (part < 3 && text[end] != '.')) return {0, 0};
    bits = bits << 8 | value;
    begin = end + 1;
  }
  return {begin - 1, bits};
}

// The address that ends before `end`, and before which no digit and no dot stands. REQUIRES: sixteen readable bytes,
// and four before them.
[[nodiscard]] inline DottedQuad read_dotted_quad_before(const char* end) {
  const char* const text = end - 16;
  std::uint32_t ends = detail::other_bits(text) << 16 | 0x8000;  // the highest is the last
  std::uint32_t bits = 0, part_end = 16;
#pragma GCC unroll 4
  for (int part = 0; part < 4; ++part) {
    const int before = 15 - std::countl_zero(ends);
    ends ^= 0x8000'0000U >> std::countl_zero(ends);
    const std::uint32_t value = detail::read_part(text, static_cast<std::uint32_t>(before + 1), part_end);
    if (value > 255 || (part < 3 && (before < 0 || text[before] != '.'))) return {0, 0};
    bits |= value << 8 * part;
    part_end = static_cast<std::uint32_t>(before);
  }
  return {16 - 1 - part_end, bits};
}

}  // namespace mailweir
