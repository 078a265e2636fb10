#include "sys/memory_file.h"

#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>

namespace mailweir {

Result<MemoryFile> MemoryFile::of(std::string_view text) {
  Fd fd(memfd_create("mailweir", MFD_CLOEXEC));
  if (!fd.is_open()) return fail(Error::from_errno(errno, "making a file in memory"));
  while (!text.empty()) {
    const ssize_t written = ::write(fd.get(), text.data(), text.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return fail(Error::from_errno(errno, "filling a file in memory"));
    text.remove_prefix(static_cast<std::size_t>(written));
  }
  return MemoryFile(std::move(fd));
}

std::string MemoryFile::path() const {
  return "/proc/" + std::to_string(getpid()) + "/fd/" + std::to_string(fd_.get());
}

}  // namespace mailweir
