// One running instance per directory. The lock ends with the process, however it ends.
#pragma once

#include <string>

#include "base/result.h"
#include "sys/file_lock.h"

namespace mailweir {

class InstanceLock {
 public:
  // Makes the directory when it is missing. Refused when another instance holds it.
  static Result<InstanceLock> take(const std::string& directory);

 private:
  explicit InstanceLock(FileLock lock) : lock_(std::move(lock)) {}
  FileLock lock_;
};

}  // namespace mailweir
