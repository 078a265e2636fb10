// Decimal digits read eight at a time, without a branch for each: numbers in logs have unpredictable lengths, and a
// mispredicted branch costs as much as reading the number.
//
// Sources: the multiplications are those of D. Lemire and J. Keiser, "Number parsing at a gigabyte per second" (2021).
#pragma once

#ifdef __SSE2__
#include <emmintrin.h>
#endif

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

// Of sixteen characters, a bit for each that is no digit and for each that is a dot.
struct Separators {
  std::uint32_t others, dots;
};

#ifdef __SSE2__
inline Separators separators(const char* text) {
  const __m128i characters = _mm_loadu_si128(reinterpret_cast<const __m128i*>(text));
  const __m128i digits = _mm_sub_epi8(characters, _mm_set1_epi8('0'));  // 0-9 where there is a digit, more elsewhere
  const __m128i is_digit = _mm_cmpeq_epi8(_mm_min_epu8(digits, _mm_set1_epi8(9)), digits);
  const __m128i is_dot = _mm_cmpeq_epi8(characters, _mm_set1_epi8('.'));
  return {~static_cast<std::uint32_t>(_mm_movemask_epi8(is_digit)) & 0xffff,
          static_cast<std::uint32_t>(_mm_movemask_epi8(is_dot))};
}
#else
inline Separators separators(const char* text) {
  const auto bits = [](std::uint64_t top_bits) { return (top_bits >> 7) * 0x0102'0408'1020'4080 >> 56; };
  const auto dots = [](std::uint64_t word) {
    const std::uint64_t difference = word ^ 0x2e2e'2e2e'2e2e'2e2e;
    return ~(((difference & 0x7f7f'7f7f'7f7f'7f7f) + 0x7f7f'7f7f'7f7f'7f7f) | difference) & 0x8080'8080'8080'8080;
  };
  const std::uint64_t low = load_eight(text), high = load_eight(text + 8);
  return {static_cast<std::uint32_t>(bits(others(low)) | bits(others(high)) << 8),
          static_cast<std::uint32_t>(bits(dots(low)) | bits(dots(high)) << 8)};
}
#endif

// The address in text[begin, end of its last digit). `others`: bits of what is no digit, none before `begin`, and one
// past the last character. REQUIRES: four readable bytes before text + begin, sixteen from `text` on.
[[gnu::always_inline]] inline DottedQuad read_parts(const char* text, std::uint32_t begin, std::uint32_t others,
                                                    std::uint32_t dots) {
  // By the number of digits: which of four bytes are digits, and the least without a leading zero. A byte for a digit
  // keeps numbers in their order.
  static constexpr std::uint32_t kDigitBytes[] = {0, 0xff00'0000, 0xffff'0000, 0xffff'ff00};
  static constexpr std::uint32_t kLeast[] = {~0U, 0, 0x100, 0x1'0000}, kLargest = 0x2'0505;  // "255"
  const std::uint32_t after_one = others & (others - 1), after_two = after_one & (after_one - 1);
  const std::uint32_t after_three = after_two & (after_two - 1);
  if (after_three == 0) return {0, 0};
  bool good = ((others ^ after_three) & ~dots) == 0;  // the first three are dots
  const std::uint32_t first = begin;
  std::uint32_t bits = 0;
#pragma GCC unroll 4
  for (int part = 0; part < 4; ++part) {
    const auto end = static_cast<std::uint32_t>(__builtin_ctz(others));
    others &= others - 1;
    const std::uint32_t count = end - begin;
    // The digits, the last in the highest byte. What stands before them is read too, and masked.
    const std::uint32_t digits = (load_four(text + end - 4) ^ 0x3030'3030) & kDigitBytes[count & 3];
    const std::uint32_t ordered = __builtin_bswap32(digits);
    good &= (count <= 3) & (ordered <= kLargest) & (ordered >= kLeast[count & 3]);
    bits = bits << 8 | ((digits * (100U << 16 | 10U << 8 | 1U)) >> 24);
    begin = end + 1;
  }
  return good ? DottedQuad{begin - 1 - first, bits} : DottedQuad{0, 0};
}

}  // namespace detail

// The address at `text`. REQUIRES: sixteen readable bytes, and four before them.
[[nodiscard, gnu::always_inline]] inline DottedQuad read_dotted_quad(const char* text) {
  const detail::Separators found = detail::separators(text);
  return detail::read_parts(text, 0, found.others | 0x1'0000, found.dots);
}

// The address that ends before `end`, and before which no digit and no dot stands. REQUIRES: sixteen readable bytes,
// and four before them.
[[nodiscard, gnu::always_inline]] inline DottedQuad read_dotted_quad_before(const char* end) {
  const char* const text = end - 16;
  const detail::Separators found = detail::separators(text);
  const auto begin = static_cast<std::uint32_t>(32 - std::countl_zero(found.others & ~found.dots));
  const std::uint32_t from_begin = begin < 32 ? ~0U << begin : 0;
  return detail::read_parts(text, begin, (found.others & from_begin) | 0x1'0000, found.dots);
}

}  // namespace mailweir
