// Whether one text after the other says the same as the one that was read, but for the digits of a number in it: the
// fronts of log lines, which differ in the kernel's own clock.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "ingest/digits.h"

namespace mailweir {

class LikeText {
 public:
  // Digits in [begin, end) may be others.
  void remember(std::string_view text, std::size_t begin, std::size_t end) {
    size_ = text.size();
    words_.assign((size_ + 7) / 8, {0, 0, 0});
    for (std::size_t i = 0; i < size_; ++i) {
      const auto byte = static_cast<unsigned char>(text[i]);
      const std::size_t shift = i % 8 * 8;
      Word& word = words_[i / 8];
      if (i >= begin && i < end && byte >= '0' && byte <= '9') {
        word.digits |= std::uint64_t{0x80} << shift;
      } else {
        word.text |= std::uint64_t{byte} << shift;
        word.exact |= std::uint64_t{0xff} << shift;
      }
    }
  }

  [[nodiscard]] std::size_t size() const { return size_; }

  // Of the front of `text`, which has to be a little longer.
  [[nodiscard]] bool is_front_of(std::string_view text) const {
    if (text.size() < words_.size() * 8) return false;
    std::uint64_t difference = 0;
    const char* at = text.data();
    for (const Word& word : words_) {
      const std::uint64_t characters = load_eight(at);
      at += 8;
      difference |= (characters ^ word.text) & word.exact;
      if (word.digits != 0) difference |= detail::others(characters) & word.digits;
    }
    return difference == 0;
  }

 private:
  struct Word {
    std::uint64_t text, exact, digits;  // of eight characters; the masks of those that count, and those that are digits
  };
  std::size_t size_ = 0;
  std::vector<Word> words_;
};

}  // namespace mailweir
