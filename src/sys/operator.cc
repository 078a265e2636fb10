#include "sys/operator.h"

#include <fmt/format.h>
#include <pwd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <fstream>
#include <iterator>

namespace mailweir {
namespace {

constexpr std::size_t kNameBytesMax = 64;
constexpr int kAncestorsMax = 32;
constexpr std::size_t kEnvironmentBytesMax = std::size_t{1} << 20;

std::string name_of_user(uid_t uid) {
  std::array<char, 4096> buffer;
  passwd entry{};
  passwd* found = nullptr;
  if (getpwuid_r(uid, &entry, buffer.data(), buffer.size(), &found) == 0 && found != nullptr) return found->pw_name;
  return fmt::format("uid {}", uid);
}

std::string name_of_operator() {
  const char* sudo = std::getenv("SUDO_USER");
  // Only sudo, which runs as root, says so to root; anybody else could claim to be anyone.
  if (sudo != nullptr && *sudo != '\0' && getuid() == 0) {
    return std::string(sudo).substr(0, kNameBytesMax) + " (sudo)";
  }
  return name_of_user(getuid());
}

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

void add_peers(std::string_view environment, std::vector<IpAddress>& addresses) {
  while (!environment.empty()) {
    const auto end = std::min(environment.find('\0'), environment.size());
    std::string_view variable = environment.substr(0, end);
    environment.remove_prefix(std::min(end + 1, environment.size()));
    for (const std::string_view name : {"SSH_CONNECTION=", "SSH_CLIENT="}) {
      if (!variable.starts_with(name)) continue;
      const auto peer = ssh_peer(variable.substr(name.size()));
      if (peer && std::find(addresses.begin(), addresses.end(), *peer) == addresses.end()) addresses.push_back(*peer);
    }
  }
}

}  // namespace

std::optional<IpAddress> ssh_peer(std::string_view value) {
  std::string_view address = value.substr(0, value.find(' '));
  return IpAddress::parse(address.substr(0, address.find('%')));  // link-local with its interface
}

Operator current_operator() {
  Operator who{name_of_operator(), {}};
  for (const char* name : {"SSH_CONNECTION", "SSH_CLIENT"}) {
    if (const char* value = std::getenv(name)) add_peers(fmt::format("{}={}", name, value), who.addresses);
  }
  int pid = getppid();
  for (int i = 0; i < kAncestorsMax && pid > 1; ++i, pid = parent_of(pid)) {
    add_peers(read_file(fmt::format("/proc/{}/environ", pid)), who.addresses);
  }
  return who;
}

}  // namespace mailweir
