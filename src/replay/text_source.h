// The text of a log, whichever way it is packed, cut into windows and pieces at line ends.
//
// A line belongs to the window, and in it to the piece, in which its first byte lies. Windows are kWindow bytes of
// text: what is decided from a window as a whole (which interface is outside, what a rule shows) then does not depend
// on the number of threads nor on the packing. Pieces only spread the work.
//
// Invariants: every byte is in exactly one piece's lines, except those of a line's end past kLogLineMax.
// Threads: next() on one; piece() on any, for different pieces, until the following next().
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "sys/input_file.h"
#include "sys/unpack.h"

namespace mailweir {

class TextSource {
 public:
  static constexpr std::uint64_t kWindow = 8 << 20;

  virtual ~TextSource() = default;
  // Goes to the next window; the number of its pieces, 0 at the end of the text.
  [[nodiscard]] virtual Result<std::size_t> next() = 0;
  // Hands the whole lines of a piece to `read`, once or not at all; a second time when the file was cut meanwhile, and
  // then only what was read last counts.
  [[nodiscard]] virtual Result<void> piece(std::size_t index, const std::function<void(std::string_view)>& read) = 0;
  [[nodiscard]] virtual std::uint64_t bytes_read() const = 0;  // of the file, packed or not
  [[nodiscard]] virtual std::string note() const = 0;          // "the file ends in the middle of ...", or empty
};

// `piece_bytes`: how much text one piece has; 0 for a good default.
[[nodiscard]] std::unique_ptr<TextSource> text_of_file(InputFile file, std::size_t piece_bytes);
[[nodiscard]] std::unique_ptr<TextSource> text_of_stream(std::unique_ptr<ByteStream> stream, std::size_t piece_bytes);

// The lines that begin in text[begin, end); text[begin - 1] tells whether one begins at `begin`. The last may go on
// past `end`, up to the end of `text`.
[[nodiscard]] std::string_view lines_beginning_in(std::string_view text, std::size_t begin, std::size_t end);

}  // namespace mailweir
