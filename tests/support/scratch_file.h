// A file that exists for the length of a test.
#pragma once

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <string>
#include <string_view>

#include "base/must.h"
#include "base/time.h"

namespace mailweir::test {

class ScratchFile {
 public:
  explicit ScratchFile(std::string_view content) {
    const int fd = mkstemp(path_.data());
    MUST(fd >= 0);
    while (!content.empty()) {
      const ssize_t written = write(fd, content.data(), content.size());
      MUST(written > 0);
      content.remove_prefix(static_cast<std::size_t>(written));
    }
    close(fd);
  }
  ~ScratchFile() { unlink(path_.c_str()); }
  ScratchFile(const ScratchFile&) = delete;
  ScratchFile& operator=(const ScratchFile&) = delete;

  [[nodiscard]] const std::string& path() const { return path_; }
  void set_modified(Time time) const {
    const timespec at{.tv_sec = std::chrono::floor<std::chrono::seconds>(time).time_since_epoch().count(),
                      .tv_nsec = 0};
    const timespec both[2] = {at, at};
    MUST(utimensat(AT_FDCWD, path_.c_str(), both, 0) == 0);
  }

 private:
  std::string path_ = "/tmp/mailweir-test-XXXXXX";
};

}  // namespace mailweir::test
