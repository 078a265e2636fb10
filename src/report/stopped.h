// What a block at the moment of the decision would have prevented.
#pragma once

#include <cstdint>
#include <vector>

#include "record/client_report.h"

namespace mailweir {

struct Stopped {
  std::uint64_t connections = 0;     // opened after the decision, on the ports a block cuts
  std::vector<std::uint16_t> ports;  // those of them the client used
};

// REQUIRES: the report is decided.
[[nodiscard]] Stopped would_have_stopped(const ClientReport& report);

}  // namespace mailweir
