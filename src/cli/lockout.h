// Would this table cut off the person who applies it?
#pragma once

#include <optional>
#include <span>
#include <string>

#include "record/compiled_table.h"
#include "sys/operator.h"

namespace mailweir {

struct Lockout {
  std::string session;  // "198.51.100.7 port 50022 to port 22"
  std::string rule;     // which would stop it
  std::string text;     // one sentence
};

// Looks at the ports the sessions came in on: an inbound rule must let each pass. Sessions that are there already go on
// either way, so this is about the next one. The first that is cut off.
[[nodiscard]] std::optional<Lockout> find_lockout(const CompiledTable& table, std::span<const SshSession> sessions);

}  // namespace mailweir
