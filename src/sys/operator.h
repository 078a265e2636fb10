// Who types, and from where: the person behind this process, also behind sudo.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/ip.h"

namespace mailweir {

struct Operator {
  std::string name;  // "alice", "alice (sudo)", "uid 1001"; text from outside: escape it before it is shown
  // Of the remote ends of the SSH sessions this process belongs to: of itself and of the processes that started it, as
  // far as we may look (sudo hides these variables from us, not from our ancestors).
  std::vector<IpAddress> addresses;
};

[[nodiscard]] Operator current_operator();

// The remote address in the value of SSH_CONNECTION or SSH_CLIENT; nothing when it is none.
[[nodiscard]] std::optional<IpAddress> ssh_peer(std::string_view value);

}  // namespace mailweir
