#include "sys/state_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <system_error>

#include "base/escape.h"
#include "sys/fd.h"

namespace mailweir {
namespace {

constexpr std::size_t kBytesMax = std::size_t{256} << 20;

Error failed(const char* what, const std::string& path) {
  return Error::from_errno(errno, std::string(what) + " " + escape(path));
}

Result<void> write_all(const Fd& fd, std::string_view text, const std::string& path) {
  while (!text.empty()) {
    const ssize_t written = ::write(fd.get(), text.data(), text.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return fail(failed("writing", path));
    text.remove_prefix(static_cast<std::size_t>(written));
  }
  return {};
}

enum class Flush : bool { No, Yes };

Result<void> replace_file(const std::string& path, std::string_view text, mode_t mode, Flush flush) {
  const std::string beside = path + ".new";
  const auto undone = [&](Error error) {
    unlink(beside.c_str());
    return fail(std::move(error));
  };
  const Fd fd(open(beside.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, mode));
  if (!fd.is_open()) return fail(failed("making", beside));
  if (auto written = write_all(fd, text, beside); !written) return undone(std::move(written).error());
  if (flush == Flush::Yes && fsync(fd.get()) != 0) return undone(failed("flushing", beside));
  if (rename(beside.c_str(), path.c_str()) != 0) return undone(failed("replacing", path));
  return {};
}

// A rename is on the disk when its directory is.
Result<void> flush_directory(const std::string& path) {
  const std::string directory = std::filesystem::path(path).parent_path().string();
  const Fd fd(open(directory.empty() ? "." : directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!fd.is_open() || fsync(fd.get()) != 0) return fail(failed("flushing", directory));
  return {};
}

}  // namespace

Result<std::string> read_state_file(const std::string& path) {
  const Fd fd(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd.is_open()) return fail(failed("opening", path));
  std::string text;
  std::array<char, 65536> buffer;
  for (;;) {
    const ssize_t length = ::read(fd.get(), buffer.data(), buffer.size());
    if (length < 0 && errno == EINTR) continue;
    if (length < 0) return fail(failed("reading", path));
    if (length == 0) return text;
    if (text.size() > kBytesMax) return fail(ErrorCode::Limit, escape(path) + " is too large");
    text.append(buffer.data(), static_cast<std::size_t>(length));
  }
}

Result<void> write_state_file(const std::string& path, std::string_view text) {
  if (auto replaced = replace_file(path, text, 0600, Flush::Yes); !replaced) return replaced;
  return flush_directory(path);
}

Result<void> write_runtime_file(const std::string& path, std::string_view text) {
  return replace_file(path, text, 0644, Flush::No);
}

Result<void> rename_state_file(const std::string& from, const std::string& to) {
  if (rename(from.c_str(), to.c_str()) != 0) return fail(failed("replacing", to));
  return flush_directory(to);
}

Result<void> remove_state_file(const std::string& path) {
  if (unlink(path.c_str()) != 0 && errno != ENOENT) return fail(failed("removing", path));
  return {};
}

Result<void> make_state_directory(const std::string& path) {
  std::error_code error;
  if (std::filesystem::is_directory(path, error)) return {};
  const auto parent = std::filesystem::path(path).parent_path();
  if (!parent.empty()) std::filesystem::create_directories(parent, error);
  if (mkdir(path.c_str(), 0700) != 0 && errno != EEXIST) return fail(failed("making", path));
  return {};
}

std::vector<std::string> list_state_directory(const std::string& path) {
  std::vector<std::string> names;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(path, error)) {
    names.push_back(entry.path().filename().string());
  }
  std::sort(names.begin(), names.end());
  return names;
}

}  // namespace mailweir
