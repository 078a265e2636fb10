// Who is at the other end: the person who started us, and the connection that carries their terminal.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/ip.h"

namespace mailweir {

// "root (uid 0)", "anna (uid 1000, through sudo)".
[[nodiscard]] std::string login_author();

struct SshConnection {
  IpAddress client, server;
  std::uint16_t client_port = 0, server_port = 0;
};
// Of SSH_CONNECTION in our environment or, because sudo takes it away, in that of our parents. Nothing: a local login,
// or we may not look.
[[nodiscard]] std::optional<SshConnection> ssh_connection();
// "CLIENT PORT SERVER PORT" (sshd(8)); a zone after % is passed over.
[[nodiscard]] std::optional<SshConnection> parse_ssh_connection(const std::string& text);

}  // namespace mailweir
