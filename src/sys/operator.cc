#include "sys/operator.h"

#include <fmt/format.h>
#include <pwd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdlib>

#include "sys/ancestors.h"

namespace mailweir {
namespace {

constexpr std::size_t kNameBytesMax = 64;
constexpr std::size_t kInterfaceBytesMax = 15;  // IFNAMSIZ is 16 with the closing zero

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

std::string_view take_word(std::string_view& text) {
  const auto begin = std::min(text.find_first_not_of(' '), text.size());
  const auto end = std::min(text.find(' ', begin), text.size());
  const std::string_view word = text.substr(begin, end - begin);
  text.remove_prefix(end);
  return word;
}

std::uint16_t port_of(std::string_view word) {
  std::uint16_t port = 0;
  const auto read = std::from_chars(word.data(), word.data() + word.size(), port);
  return read.ec == std::errc() && read.ptr == word.data() + word.size() ? port : 0;
}

// The two variables tell of one session; the newer one knows more.
void add_session(SshSession session, std::vector<SshSession>& sessions) {
  const auto known = std::find_if(sessions.begin(), sessions.end(), [&](const SshSession& one) {
    return one.client == session.client && one.client_port == session.client_port &&
           one.server_port == session.server_port && (!one.server || !session.server || one.server == session.server);
  });
  if (known == sessions.end()) {
    sessions.push_back(std::move(session));
  } else if (!known->server) {
    *known = std::move(session);
  }
}

void add_sessions(std::string_view environment, std::vector<SshSession>& sessions) {
  while (!environment.empty()) {
    const auto end = std::min(environment.find('\0'), environment.size());
    std::string_view variable = environment.substr(0, end);
    environment.remove_prefix(std::min(end + 1, environment.size()));
    for (const std::string_view name : {"SSH_CONNECTION=", "SSH_CLIENT="}) {
      if (!variable.starts_with(name)) continue;
      if (auto session = parse_ssh_session(variable.substr(name.size()))) add_session(std::move(*session), sessions);
    }
  }
}

}  // namespace

std::optional<SshSession> parse_ssh_session(std::string_view value) {
  const std::string_view client = take_word(value), client_port = take_word(value);
  std::string_view server, server_port = take_word(value);
  if (const std::string_view fourth = take_word(value); !fourth.empty()) {
    server = server_port;
    server_port = fourth;
  }
  const auto address = IpAddress::parse(client.substr(0, client.find('%')));
  if (!address || port_of(client_port) == 0 || port_of(server_port) == 0) return std::nullopt;
  SshSession session{*address, port_of(client_port), port_of(server_port), {}, {}};
  if (!server.empty()) session.server = IpAddress::parse(server.substr(0, server.find('%')));
  if (const auto zone = client.find('%'); zone != std::string_view::npos)
    session.interface = client.substr(zone + 1, kInterfaceBytesMax);
  return session;
}

Operator current_operator() {
  Operator who{name_of_operator(), {}};
  for (const char* name : {"SSH_CONNECTION", "SSH_CLIENT"}) {
    if (const char* value = std::getenv(name)) add_sessions(fmt::format("{}={}", name, value), who.sessions);
  }
  visit_ancestor_environments([&](std::string_view environment) {
    add_sessions(environment, who.sessions);
    return true;
  });
  return who;
}

}  // namespace mailweir
