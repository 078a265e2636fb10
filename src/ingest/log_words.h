// The words of a kernel line, "KEY=VALUE " one after the other. Internal to log_packet.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string_view>

#include "ingest/digits.h"

namespace mailweir {

// Whether the characters at `at` are these: up to eight at a time, where memcmp() would be a call.
template <std::size_t N>
[[gnu::always_inline]] inline bool same_text(const char* at, const char (&wanted)[N]) {
  constexpr std::size_t kSize = N - 1;
  if constexpr (kSize > sizeof(std::uint64_t)) {
    std::uint64_t difference = load_eight(at + kSize - 8) ^ load_eight(wanted + kSize - 8);
#pragma GCC unroll 4
    for (std::size_t i = 0; i + 8 < kSize; i += 8) difference |= load_eight(at + i) ^ load_eight(wanted + i);
    return difference == 0;
  } else if constexpr (kSize > 4) {
    return ((detail::load_four(at) ^ detail::load_four(wanted)) |
            (detail::load_four(at + kSize - 4) ^ detail::load_four(wanted + kSize - 4))) == 0;
  } else if constexpr (kSize == 3) {  // of which g++ makes a call
    return ((at[0] ^ wanted[0]) | (at[1] ^ wanted[1]) | (at[2] ^ wanted[2])) == 0;
  } else {
    return std::memcmp(at, wanted, kSize) == 0;  // one comparison
  }
}

// Never reads past the end of the text. Words are short: a loop beats a call.
class Words {
 public:
  Words(std::string_view text, std::size_t at) : begin_(text.data()), at_(begin_ + at), end_(begin_ + text.size()) {}

  [[nodiscard]] bool at_end() const { return at_ >= end_; }
  [[nodiscard]] std::size_t at() const { return static_cast<std::size_t>(at_ - begin_); }
  [[nodiscard]] std::string_view rest() const { return {at_, static_cast<std::size_t>(end_ - at_)}; }
  [[nodiscard]] char first() const { return at_ < end_ ? *at_ : '\0'; }
  template <std::size_t N>
  [[nodiscard, gnu::always_inline]] bool next_is(const char (&word)[N]) const {
    return static_cast<std::size_t>(end_ - at_) >= N - 1 && same_text(at_, word);
  }
  template <std::size_t N>
  [[gnu::always_inline]] bool take(const char (&word)[N]) {
    if (!next_is(word)) return false;
    at_ += N - 1;
    return true;
  }
  // Up to the next space, which must be there: the kernel ends every word with one.
  std::optional<std::string_view> value() {
    const char* space = next_space();
    if (space == end_) return std::nullopt;
    const std::string_view value(at_, static_cast<std::size_t>(space - at_));
    at_ = space + 1;
    return value;
  }
  // Decimal, ended by a space.
  std::optional<std::uint32_t> number() {
    constexpr std::ptrdiff_t kDigitsMax = 10;
    const char* i = at_;
    std::uint64_t value = 0;
    if (end_ - i > 8) {
      const Digits digits = read_digits(i);
      i += digits.count;
      value = digits.value;
    }
    for (; i < end_ && *i >= '0' && *i <= '9' && i - at_ <= kDigitsMax; ++i) {
      value = value * 10 + static_cast<std::uint64_t>(*i - '0');
    }
    if (i == at_ || i == end_ || *i != ' ' || value > 0xffff'ffff) return std::nullopt;
    at_ = i + 1;
    return static_cast<std::uint32_t>(value);
  }
  // The same for numbers of one to eight digits that do not end the line, in a few instructions. On false nothing is
  // known.
  [[gnu::always_inline]] bool take_short_number(std::uint32_t& value) {
    if (end_ - at_ <= 8) return false;
    const Digits digits = read_digits(at_);
    at_ += digits.count;
    value = static_cast<std::uint32_t>(digits.value);
    return digits.count > 0 && *at_++ == ' ';
  }
  void skip_word() {
    const char* space = next_space();
    at_ = space == end_ ? end_ : space + 1;
  }

 private:
  [[nodiscard]] const char* next_space() const {
    const char* i = at_;
    while (i < end_ && *i != ' ') ++i;
    return i;
  }
  const char* begin_;
  const char* at_;
  const char* end_;
};

}  // namespace mailweir
