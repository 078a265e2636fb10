// Would this table cut off the person who applies it?
#pragma once

#include <optional>
#include <string>

#include "record/compiled_table.h"
#include "sys/login_session.h"

namespace mailweir {

struct Lockout {
  std::string session;  // "198.51.100.7 port 50022 to port 22"
  std::string rule;     // which would stop it
  std::string text;     // one sentence
};

// Looks at the port the session came in on: an inbound rule must let it pass. Sessions that are there already go on
// either way, so this is about the next one.
[[nodiscard]] std::optional<Lockout> find_lockout(const CompiledTable& table, const SshConnection& session);

}  // namespace mailweir
