// A part of a file, seen in memory without being copied.
//
// A log may be cut while it is read (logrotate's copytruncate), and what is gone from a mapped file raises SIGBUS in
// whoever touches it. Here it reads as zero bytes instead, and is_cut() tells: then nothing that was read counts.
//
// Threads: text() and is_cut() on any.  Limits: kWindowsMax at a time in a process; map() fails beyond.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>

namespace mailweir {

class FileWindow {
 public:
  static constexpr std::size_t kWindowsMax = 64;

  // Of the open file `fd`, which must stay open. nullptr: not of this file, or not now; it can still be read.
  static std::unique_ptr<FileWindow> map(int fd, std::uint64_t offset, std::size_t size);
  ~FileWindow();
  FileWindow(const FileWindow&) = delete;
  FileWindow& operator=(const FileWindow&) = delete;

  [[nodiscard]] std::string_view text() const { return text_; }
  // Asks for the pages of text().substr(begin, size), which are about to be read.
  void fetch(std::size_t begin, std::size_t size) const;
  // They were read, but for the last page. They can still be read. A process of one thread does without them now, while
  // what the kernel knows of them is in the cache; one of several when the window ends.
  void release(std::size_t begin, std::size_t size) const;
  // The file no longer reaches the window's end.
  [[nodiscard]] bool is_cut() const;

 private:
  FileWindow(int fd, int slot, std::uint64_t end, std::string_view text)
      : fd_(fd), slot_(slot), end_(end), text_(text) {}

  int fd_;
  int slot_;           // in the table that the signal handler looks into
  std::uint64_t end_;  // offset in the file
  std::string_view text_;
};

}  // namespace mailweir
