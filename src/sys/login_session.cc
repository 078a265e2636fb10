#include "sys/login_session.h"

#include <pwd.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>
#include <iterator>
#include <sstream>
#include <string_view>

#include "base/escape.h"

namespace mailweir {
namespace {

// sshd - shell - sudo - shell - … : deeper nesting than this nobody has.
constexpr int kParentsMax = 32;

std::string name_of_user(uid_t user) {
  const passwd* known = getpwuid(user);
  return known == nullptr ? "?" : escape(known->pw_name, 64);
}

std::optional<pid_t> parent_of(pid_t process) {
  std::ifstream file("/proc/" + std::to_string(process) + "/stat");
  std::string line;
  std::getline(file, line);
  const auto name_end = line.rfind(')');  // the name may hold anything
  if (name_end == std::string::npos) return std::nullopt;
  std::istringstream rest(line.substr(name_end + 1));
  std::string state;
  pid_t parent = 0;
  return rest >> state >> parent ? std::optional(parent) : std::nullopt;
}

std::optional<std::string> variable_of(pid_t process, std::string_view name) {
  std::ifstream file("/proc/" + std::to_string(process) + "/environ", std::ios::binary);
  const std::string wanted = std::string(name) + "=";
  for (std::string entry; std::getline(file, entry, '\0');) {
    if (entry.starts_with(wanted)) return entry.substr(wanted.size());
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
  pid_t process = getppid();
  for (int i = 0; i < kParentsMax && process > 1; ++i) {
    if (const auto text = variable_of(process, "SSH_CONNECTION")) return parse_ssh_connection(*text);
    const auto parent = parent_of(process);
    if (!parent) break;
    process = *parent;
  }
  return std::nullopt;
}

}  // namespace mailweir
