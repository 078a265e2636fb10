#include "sys/input_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "base/escape.h"

namespace mailweir {

Result<InputFile> InputFile::open(const std::string& path) {
  InputFile file;
  // Standard input is duplicated, so that closing ours leaves the process's own open.
  const int fd = path == "-" ? ::fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3) : ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return fail(Error::from_errno(errno, fmt::format("cannot open {}", escape(path))));
  file.fd_ = Fd(fd);
  struct stat status {};
  if (::fstat(fd, &status) != 0) return fail(Error::from_errno(errno, fmt::format("cannot read {}", escape(path))));
  if (S_ISDIR(status.st_mode)) {
    return fail(ErrorCode::BadInput, fmt::format("{} is a directory, not a log or a capture", escape(path)));
  }
  if (S_ISREG(status.st_mode)) {
    file.seekable_ = path != "-";
    file.size_ = static_cast<std::uint64_t>(status.st_size);
    file.modified_ = Time(std::chrono::seconds(status.st_mtim.tv_sec) +
                          std::chrono::duration_cast<Duration>(std::chrono::nanoseconds(status.st_mtim.tv_nsec)));
  }
  return file;
}

Result<std::size_t> InputFile::read_at(std::uint64_t offset, std::span<char> bytes) const {
  std::size_t done = 0;
  while (done < bytes.size()) {
    const ssize_t got = ::pread(fd_.get(), bytes.data() + done, bytes.size() - done, static_cast<off_t>(offset + done));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return fail(Error::from_errno(errno, "reading failed"));
    if (got == 0) break;
    done += static_cast<std::size_t>(got);
  }
  return done;
}

std::unique_ptr<FileWindow> InputFile::map(std::uint64_t offset, std::size_t size) const {
  if (!seekable_ || offset + size > size_) return nullptr;
  // On a disk, the next window is read while this one is worked on.
  ::posix_fadvise(fd_.get(), static_cast<off_t>(offset + size), static_cast<off_t>(size), POSIX_FADV_WILLNEED);
  return FileWindow::map(fd_.get(), offset, size);
}

Result<std::size_t> InputFile::read(std::span<char> bytes) {
  for (;;) {
    const ssize_t got = ::read(fd_.get(), bytes.data(), bytes.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return fail(Error::from_errno(errno, "reading failed"));
    bytes_read_ += static_cast<std::uint64_t>(got);
    return static_cast<std::size_t>(got);
  }
}

}  // namespace mailweir
