#include "replay/text_source.h"

#include <algorithm>
#include <cstring>

#include "ingest/log_block.h"

namespace mailweir {
namespace {

constexpr std::size_t kPiece = 512 << 10;  // large enough to pay for a task, small enough for a second-level cache

constexpr std::size_t kLineUsual = 1024;

// A line may go on past its piece for so long before it counts as over-long.
constexpr std::size_t kTail = kLogLineMax + 2;

// What piece(index) hands out, of a text that holds the byte before the window, the window and some of what follows.
std::string_view lines_of_piece(std::string_view text, std::size_t index, std::size_t piece_bytes, std::size_t window) {
  const std::size_t begin = 1 + index * piece_bytes;
  const std::size_t end = std::min(begin + piece_bytes, 1 + window);
  return lines_beginning_in(text.substr(0, end + kTail), begin, end);
}

// Plain files: a window is mapped, and every piece fetches its own pages, on its own thread. Where that cannot be, and
// in the first window, before which there is no byte, pieces are copied.
class FileText final : public TextSource {
 public:
  FileText(InputFile file, std::size_t piece_bytes) : file_(std::move(file)), piece_bytes_(piece_bytes) {}

  Result<std::size_t> next() override {
    begin_ = end_;
    end_ = std::min(begin_ + kWindow, file_.size());
    mapped_.reset();
    if (begin_ > 0 && begin_ < end_) {
      mapped_ = file_.map(begin_ - 1, static_cast<std::size_t>(std::min(end_ + kTail, file_.size()) - (begin_ - 1)));
      // A last line without an end may be about to get one.
      if (mapped_ && end_ == file_.size() && !mapped_->text().ends_with('\n')) mapped_.reset();
    }
    return static_cast<std::size_t>((end_ - begin_ + piece_bytes_ - 1) / piece_bytes_);
  }

  Result<void> piece(std::size_t index, const std::function<void(std::string_view)>& read) override {
    if (mapped_) {
      const std::string_view text = mapped_->text();
      const std::size_t begin = index * piece_bytes_, size = std::min(piece_bytes_, text.size() - begin);
      // And the end of its last line: a page that is asked for costs less than one that is found missing.
      mapped_->fetch(begin, std::min(size + kLineUsual, text.size() - begin));
      const std::string_view lines = lines_of_piece(text, index, piece_bytes_, static_cast<std::size_t>(end_ - begin_));
      if (!lines.empty()) read(lines);
      mapped_->release(begin, size);
      if (!mapped_->is_cut()) return {};
    }
    return copied_piece(index, read);
  }

  std::uint64_t bytes_read() const override { return end_; }
  std::string note() const override { return {}; }

 private:
  Result<void> copied_piece(std::size_t index, const std::function<void(std::string_view)>& read) const {
    const std::uint64_t begin = begin_ + index * piece_bytes_;
    const std::uint64_t end = std::min<std::uint64_t>(begin + piece_bytes_, end_);
    thread_local std::vector<char> buffer;
    const auto wanted = static_cast<std::size_t>(end - begin) + 1;
    if (buffer.size() < wanted + kTail) buffer.resize(wanted + kTail);
    // One byte before the piece tells whether a line begins with it.
    buffer[0] = '\n';
    const std::size_t skip = begin == 0 ? 1 : 0;
    const auto got = file_.read_at(begin == 0 ? 0 : begin - 1, std::span(buffer).subspan(skip, wanted - skip));
    if (!got) return fail(got.error());
    std::size_t have = *got + skip;
    if (have == wanted && have > 1) {
      const auto more = read_line_end(buffer, have, end);
      if (!more) return fail(more.error());
      have = *more;
    }
    const std::string_view lines = lines_beginning_in(std::string_view(buffer.data(), have), 1, std::min(wanted, have));
    read(lines);
    return {};
  }

  // Reads on until the line that is under way has ended, or is over-long.
  Result<std::size_t> read_line_end(std::vector<char>& buffer, std::size_t have, std::uint64_t offset) const {
    constexpr std::size_t kStep = 2048;
    const std::size_t limit = have + kTail;
    while (buffer[have - 1] != '\n' && have < limit) {
      const auto got = file_.read_at(offset, std::span(buffer).subspan(have, std::min(kStep, limit - have)));
      if (!got) return fail(got.error());
      if (*got == 0) break;
      const auto* newline = static_cast<const char*>(std::memchr(buffer.data() + have, '\n', *got));
      if (newline != nullptr) return static_cast<std::size_t>(newline - buffer.data()) + 1;
      have += *got;
      offset += *got;
    }
    return have;
  }

  InputFile file_;
  std::size_t piece_bytes_;
  std::uint64_t begin_ = 0, end_ = 0;
  std::unique_ptr<FileWindow> mapped_;  // nullptr: this window is copied
};

// Anything that can only be read in order: a window is unpacked, then its pieces are read.
class StreamText final : public TextSource {
 public:
  StreamText(std::unique_ptr<ByteStream> stream, std::size_t piece_bytes)
      : stream_(std::move(stream)), piece_bytes_(piece_bytes), buffer_(1 + kWindow + kTail) {
    buffer_[0] = '\n';
  }

  Result<std::size_t> next() override {
    if (window_ > 0) {  // keeps the byte before the next window, and what was already read of it
      std::memmove(buffer_.data(), buffer_.data() + window_, have_ - window_);
      have_ -= window_;
    }
    while (have_ < buffer_.size() && !ended_) {
      const auto got = stream_->read(std::span(buffer_).subspan(have_));
      if (!got) return fail(got.error());
      ended_ = *got == 0;
      have_ += *got;
    }
    window_ = std::min<std::size_t>(have_ - 1, kWindow);
    return (window_ + piece_bytes_ - 1) / piece_bytes_;
  }

  Result<void> piece(std::size_t index, const std::function<void(std::string_view)>& read) override {
    const std::string_view lines =
        lines_of_piece(std::string_view(buffer_.data(), have_), index, piece_bytes_, window_);
    if (!lines.empty()) read(lines);
    return {};
  }

  std::uint64_t bytes_read() const override { return stream_->bytes_read(); }
  std::string note() const override { return stream_->note(); }

 private:
  std::unique_ptr<ByteStream> stream_;
  std::size_t piece_bytes_;
  std::vector<char> buffer_;
  std::size_t have_ = 1;    // bytes in the buffer; the first stands before the window
  std::size_t window_ = 0;  // bytes of the window
  bool ended_ = false;
};

}  // namespace

std::string_view lines_beginning_in(std::string_view text, std::size_t begin, std::size_t end) {
  const std::string_view before = text.substr(0, end);
  const auto newline = before.find('\n', begin - 1);
  if (newline == std::string_view::npos || newline + 1 >= end) return {};
  const std::size_t first = newline + 1;
  const auto last = text.find('\n', end - 1);
  return text.substr(first, last == std::string_view::npos ? std::string_view::npos : last + 1 - first);
}

std::unique_ptr<TextSource> text_of_file(InputFile file, std::size_t piece_bytes) {
  return std::make_unique<FileText>(std::move(file), piece_bytes != 0 ? piece_bytes : kPiece);
}

std::unique_ptr<TextSource> text_of_stream(std::unique_ptr<ByteStream> stream, std::size_t piece_bytes) {
  return std::make_unique<StreamText>(std::move(stream), piece_bytes != 0 ? piece_bytes : kPiece);
}

}  // namespace mailweir
