// Cuts a stream into lines that end in CRLF (RFC 5321 section 2.3.8).
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace mailweir::lab {

class LineReader {
 public:
  void add(std::string_view bytes) { buffer_ += bytes; }

  // The next whole line without its CRLF; valid until the next call.
  std::optional<std::string_view> next() {
    buffer_.erase(0, taken_);
    taken_ = 0;
    const std::size_t end = buffer_.find("\r\n");
    if (end == std::string::npos) return std::nullopt;
    taken_ = end + 2;
    return std::string_view(buffer_).substr(0, end);
  }
  // A peer that never ends its line is not worth listening to.
  [[nodiscard]] bool overflowed() const { return buffer_.size() - taken_ > kBufferedMax; }

 private:
  static constexpr std::size_t kBufferedMax = 1 << 20;
  std::string buffer_;
  std::size_t taken_ = 0;
};

}  // namespace mailweir::lab
