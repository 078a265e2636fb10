#include "sys/instance_lock.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <system_error>

#include "base/escape.h"

namespace mailweir {

Result<InstanceLock> InstanceLock::take(const std::string& directory) {
  std::error_code error;
  std::filesystem::create_directories(directory, error);
  if (error) return fail(Error::from_errno(error.value(), "making " + escape(directory)));
  const std::string file = directory + "/lock";
  Fd fd(open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!fd.is_open()) return fail(Error::from_errno(errno, "opening " + escape(file)));
  if (flock(fd.get(), LOCK_EX | LOCK_NB) != 0) {
    if (errno == EWOULDBLOCK) {
      return fail(ErrorCode::Refused,
                  "another mailweir runs with " + escape(directory) + "; give this one its own --runtime-dir");
    }
    return fail(Error::from_errno(errno, "locking " + escape(file)));
  }
  const std::string pid = std::to_string(getpid()) + "\n";
  if (ftruncate(fd.get(), 0) != 0 || write(fd.get(), pid.data(), pid.size()) < 0) {
    return fail(Error::from_errno(errno, "writing " + escape(file)));
  }
  return InstanceLock(std::move(fd));
}

}  // namespace mailweir
