#include "sys/kernel_setting.h"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <charconv>

#include "sys/fd.h"

namespace mailweir {
namespace {

std::string path_of(const std::string& name) { return "/proc/sys/" + name; }

}  // namespace

std::optional<long> read_kernel_setting(const std::string& name) {
  const Fd fd(open(path_of(name).c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd.is_open()) return std::nullopt;
  std::array<char, 64> text;
  const ssize_t length = read(fd.get(), text.data(), text.size());
  long value = 0;
  if (length <= 0 || std::from_chars(text.data(), text.data() + length, value).ec != std::errc()) return std::nullopt;
  return value;
}

Result<void> write_kernel_setting(const std::string& name, long value) {
  const Fd fd(open(path_of(name).c_str(), O_WRONLY | O_CLOEXEC));
  const std::string text = std::to_string(value);
  if (!fd.is_open() || write(fd.get(), text.data(), text.size()) != static_cast<ssize_t>(text.size())) {
    return fail(Error::from_errno(errno, "setting " + name + " to " + text));
  }
  return {};
}

}  // namespace mailweir
