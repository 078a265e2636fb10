#include "sys/file_lock.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>

#include "base/escape.h"

namespace mailweir {
namespace {

Result<Fd> open_lock(const std::string& path) {
  Fd fd(open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!fd.is_open()) return fail(Error::from_errno(errno, "opening " + escape(path)));
  return fd;
}

// Who holds it is only said to people and to wake(): a lock without it is a lock.
void sign(const Fd& fd) {
  const std::string pid = std::to_string(getpid()) + "\n";
  if (ftruncate(fd.get(), 0) != 0) return;
  [[maybe_unused]] const ssize_t written = pwrite(fd.get(), pid.data(), pid.size(), 0);
}

}  // namespace

Result<std::optional<FileLock>> FileLock::try_take(const std::string& path) {
  auto fd = open_lock(path);
  if (!fd) return fail(std::move(fd).error());
  if (flock(fd->get(), LOCK_EX | LOCK_NB) != 0) {
    if (errno == EWOULDBLOCK) return std::nullopt;
    return fail(Error::from_errno(errno, "locking " + escape(path)));
  }
  sign(*fd);
  return FileLock(std::move(*fd));
}

Result<FileLock> FileLock::wait(const std::string& path) {
  auto fd = open_lock(path);
  if (!fd) return fail(std::move(fd).error());
  while (flock(fd->get(), LOCK_EX) != 0) {
    if (errno != EINTR) return fail(Error::from_errno(errno, "locking " + escape(path)));
  }
  sign(*fd);
  return FileLock(std::move(*fd));
}

std::optional<pid_t> lock_holder(const std::string& path) {
  const Fd fd(open(path.c_str(), O_RDWR | O_CLOEXEC | O_NOFOLLOW));
  if (!fd.is_open()) return std::nullopt;
  if (flock(fd.get(), LOCK_EX | LOCK_NB) == 0 || errno != EWOULDBLOCK) return std::nullopt;
  char text[32] = {};
  return pread(fd.get(), text, sizeof text - 1, 0) > 0 ? static_cast<pid_t>(std::atol(text)) : 0;
}

}  // namespace mailweir
