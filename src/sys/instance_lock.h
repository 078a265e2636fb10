// One running instance per directory. The lock ends with the process, however it ends.
#pragma once

#include <string>

#include "base/result.h"
#include "sys/fd.h"

namespace mailweir {

class InstanceLock {
 public:
  // Makes the directory when it is missing. Refused when another instance holds it.
  static Result<InstanceLock> take(const std::string& directory);

 private:
  explicit InstanceLock(Fd fd) : fd_(std::move(fd)) {}
  Fd fd_;
};

}  // namespace mailweir
