// Ports as the policy writes them: a number, a service by name, or a range; "/udp" behind it for UDP.
//
// Names come from a table here (IANA's, and what people say), not from this machine: a policy means the same
// everywhere.
#pragma once

#include <string>
#include <string_view>
#include <tl/expected.hpp>

#include "base/port_range.h"

namespace mailweir {

struct PortMistake {
  std::string text, hint;
};

[[nodiscard]] tl::expected<PortRange, PortMistake> read_port(std::string_view text);

}  // namespace mailweir
