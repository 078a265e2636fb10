// A file or standard input, opened for reading; knows where it can be read from anywhere and where only in order.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>

#include "base/result.h"
#include "base/time.h"
#include "sys/fd.h"
#include "sys/file_window.h"

namespace mailweir {

class InputFile {
 public:
  // "-" is standard input.
  static Result<InputFile> open(const std::string& path);

  // A regular file: its size when it was opened, and reading at any place from any thread.
  [[nodiscard]] bool is_seekable() const { return seekable_; }
  [[nodiscard]] std::uint64_t size() const { return size_; }
  [[nodiscard]] std::optional<Time> modified() const { return modified_; }
  // Fills `bytes` as far as the file goes; fewer bytes mean the end.
  [[nodiscard]] Result<std::size_t> read_at(std::uint64_t offset, std::span<char> bytes) const;
  // The same without a copy, and asks for what comes after it. nullptr: cannot be had this way. Not longer than this
  // object.
  [[nodiscard]] std::unique_ptr<FileWindow> map(std::uint64_t offset, std::size_t size) const;
  // The next bytes in order, at least one; 0 is the end.
  [[nodiscard]] Result<std::size_t> read(std::span<char> bytes);
  [[nodiscard]] std::uint64_t bytes_read() const { return bytes_read_; }

 private:
  Fd fd_;
  bool seekable_ = false;
  std::uint64_t size_ = 0;
  std::uint64_t bytes_read_ = 0;
  std::optional<Time> modified_;
};

}  // namespace mailweir
