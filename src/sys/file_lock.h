// A lock that ends with its process, however it ends; other processes can ask who holds it.
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>

#include "base/result.h"
#include "sys/fd.h"

namespace mailweir {

class FileLock {
 public:
  // Nothing when somebody else holds it. Makes the file, not its directory.
  static Result<std::optional<FileLock>> try_take(const std::string& path);
  // Waits for it.
  static Result<FileLock> wait(const std::string& path);

 private:
  explicit FileLock(Fd fd) : fd_(std::move(fd)) {}
  Fd fd_;
};

// The process that holds the lock (0 when it did not write its id), or nothing when nobody does.
[[nodiscard]] std::optional<pid_t> lock_holder(const std::string& path);

}  // namespace mailweir
