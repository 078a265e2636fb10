#include "sys/ancestors.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <string>

namespace mailweir {
namespace {

// sshd - shell - sudo - shell - … : deeper nesting than this nobody has.
constexpr int kAncestorsMax = 32;
constexpr std::size_t kEnvironmentBytesMax = std::size_t{1} << 20;

std::string read_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::string text;
  text.resize(kEnvironmentBytesMax);
  file.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<std::size_t>(std::max<std::streamsize>(file.gcount(), 0)));
  return text;
}

// The parent's number: the fourth field of /proc/PID/stat, counted behind the name, which may hold anything (proc(5)).
int parent_of(int pid) {
  const std::string stat = read_file(fmt::format("/proc/{}/stat", pid));
  const auto name_end = stat.rfind(')');
  if (name_end == std::string::npos || name_end + 4 > stat.size()) return 0;
  return std::atoi(stat.c_str() + name_end + 4);
}

}  // namespace

void visit_ancestor_environments(const std::function<bool(std::string_view environment)>& visit) {
  int pid = getppid();
  for (int i = 0; i < kAncestorsMax && pid > 1; ++i, pid = parent_of(pid)) {
    if (!visit(read_file(fmt::format("/proc/{}/environ", pid)))) return;
  }
}

}  // namespace mailweir
