// Who types, and from where: the person behind this process, also behind sudo, and the connections that carry their
// terminals.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/ip.h"

namespace mailweir {

// The far end of an SSH connection, and our port it came in on.
struct SshSession {
  IpAddress client;
  std::uint16_t client_port = 0, server_port = 0;
  std::optional<IpAddress> server;  // ours; nothing: only the older variable was there
  std::string interface;            // it came in by, where the client's address is link-local
  friend bool operator==(const SshSession&, const SshSession&) = default;
};

struct Operator {
  std::string name;  // "alice", "alice (sudo)", "uid 1001"; text from outside: escape it before it is shown
  // The SSH sessions this process belongs to, nearest first: of itself and of the processes that started it, as far as
  // we may look (sudo hides these variables from us, not from our ancestors).
  std::vector<SshSession> sessions;
};

[[nodiscard]] Operator current_operator();

// The value of SSH_CONNECTION ("CLIENT PORT SERVER PORT") or of the older SSH_CLIENT ("CLIENT PORT PORT"), sshd(8).
[[nodiscard]] std::optional<SshSession> parse_ssh_session(std::string_view value);

}  // namespace mailweir
