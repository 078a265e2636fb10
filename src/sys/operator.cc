#include "sys/operator.h"

#include <fmt/format.h>
#include <pwd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdlib>

#include "sys/ancestors.h"

namespace mailweir {
namespace {

constexpr std::size_t kNameBytesMax = 64;

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
  visit_ancestor_environments([&](std::string_view environment) {
    add_peers(environment, who.addresses);
    return true;
  });
  return who;
}

}  // namespace mailweir
