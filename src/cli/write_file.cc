#include "cli/write_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>

#include "base/escape.h"
#include "sys/fd.h"

namespace mailweir {

Result<void> write_file(const std::string& path, const std::string& text, mode_t mode) {
  const std::string next = path + ".next";
  const Fd file(open(next.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode));
  if (file.get() < 0) return fail(Error::from_errno(errno, escape(next)));
  std::size_t written = 0;
  while (written < text.size()) {
    const ssize_t part = write(file.get(), text.data() + written, text.size() - written);
    if (part < 0 && errno == EINTR) continue;
    if (part <= 0) return fail(Error::from_errno(errno, escape(next)));
    written += static_cast<std::size_t>(part);
  }
  if (fsync(file.get()) != 0 || std::rename(next.c_str(), path.c_str()) != 0)
    return fail(Error::from_errno(errno, escape(path)));
  return {};
}

}  // namespace mailweir
