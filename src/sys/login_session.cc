#include "sys/login_session.h"

#include <pwd.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <sstream>
#include <string_view>

#include "base/escape.h"
#include "sys/ancestors.h"

namespace mailweir {
namespace {

std::string name_of_user(uid_t user) {
  const passwd* known = getpwuid(user);
  return known == nullptr ? "?" : escape(known->pw_name, 64);
}

std::optional<std::string> variable_in(std::string_view environment, std::string_view name) {
  const std::string wanted = std::string(name) + "=";
  while (!environment.empty()) {
    const auto end = std::min(environment.find('\0'), environment.size());
    const std::string_view entry = environment.substr(0, end);
    if (entry.starts_with(wanted)) return std::string(entry.substr(wanted.size()));
    environment.remove_prefix(std::min(end + 1, environment.size()));
  }
  return std::nullopt;
}

}  // namespace

std::string login_author() {
  const char* sudo_user = std::getenv("SUDO_USER");
  const char* sudo_uid = std::getenv("SUDO_UID");
  if (sudo_user != nullptr && sudo_uid != nullptr && *sudo_user != '\0') {
    return escape(sudo_user, 64) + " (uid " + escape(sudo_uid, 16) + ", through sudo)";
  }
  return name_of_user(getuid()) + " (uid " + std::to_string(getuid()) + ")";
}

std::optional<SshConnection> parse_ssh_connection(const std::string& text) {
  std::istringstream words(text);
  std::string client, server;
  long client_port = 0, server_port = 0;
  if (!(words >> client >> client_port >> server >> server_port)) return std::nullopt;
  const auto from = IpAddress::parse(client.substr(0, client.find('%')));
  const auto to = IpAddress::parse(server.substr(0, server.find('%')));
  const auto is_port = [](long port) { return port > 0 && port <= 65535; };
  if (!from || !to || !is_port(client_port) || !is_port(server_port)) return std::nullopt;
  return SshConnection{*from, *to, static_cast<std::uint16_t>(client_port), static_cast<std::uint16_t>(server_port)};
}

std::optional<SshConnection> ssh_connection() {
  if (const char* own = std::getenv("SSH_CONNECTION")) return parse_ssh_connection(own);
  std::optional<SshConnection> found;
  visit_ancestor_environments([&](std::string_view environment) {
    const auto text = variable_in(environment, "SSH_CONNECTION");
    if (text) found = parse_ssh_connection(*text);
    return !text;
  });
  return found;
}

}  // namespace mailweir
