// Colours and weight on a terminal that wants them; plain text everywhere else. Never the only carrier of a meaning.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace mailweir {

enum class Style : std::uint8_t { Plain, Strong, Bad, Good, Doubtful, Faint };

class Painter {
 public:
  explicit Painter(bool colours) : colours_(colours) {}
  // REQUIRES: `text` was escaped.
  [[nodiscard]] std::string operator()(Style style, std::string_view text) const;

 private:
  bool colours_;
};

}  // namespace mailweir
