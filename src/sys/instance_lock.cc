#include "sys/instance_lock.h"

#include <filesystem>
#include <system_error>

#include "base/escape.h"

namespace mailweir {

Result<InstanceLock> InstanceLock::take(const std::string& directory) {
  std::error_code error;
  std::filesystem::create_directories(directory, error);
  if (error) return fail(Error::from_errno(error.value(), "making " + escape(directory)));
  auto lock = FileLock::try_take(directory + "/lock");
  if (!lock) return fail(std::move(lock).error());
  if (!*lock) {
    return fail(ErrorCode::Refused,
                "another mailweir runs with " + escape(directory) + "; give this one its own --runtime-dir");
  }
  return InstanceLock(std::move(**lock));
}

}  // namespace mailweir
