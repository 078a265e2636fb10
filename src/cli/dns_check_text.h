// The answer of `dns check`, for people: the verdict first, then what is wrong, alike together, with what to do.
#pragma once

#include <string>

#include "cli/dns_check_json.h"
#include "report/painter.h"

namespace mailweir {

struct DnsCheckStyle {
  bool everyone = false;  // also the addresses and zones that are in order
  int width = 80;
  Painter paint{false};
};

[[nodiscard]] std::string dns_check_text(const DnsCheckOutcome& outcome, const DnsCheckStyle& style);

}  // namespace mailweir
