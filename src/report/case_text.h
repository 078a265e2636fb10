// Cases as people read them: who is blocked, why one is, and what happened before.
//
// Invariant: reasons, names and evidence are escaped; no line is wider than `width` unless one word is.
#pragma once

#include <span>
#include <string>

#include "base/time.h"
#include "report/case_view.h"
#include "report/painter.h"

namespace mailweir {

struct CaseStyle {
  Time now;
  int width = 80;
  bool quiet = false;  // no advice
  Painter paint{false};
};

[[nodiscard]] std::string blocks_text(std::span<const CaseView> running, const CaseStyle& style);
// The whole story of one client, for a help desk to read out. `cases`: all of this client, in time order.
[[nodiscard]] std::string why_text(const IpPrefix& client, std::span<const CaseView> cases, const CaseStyle& style);
[[nodiscard]] std::string history_text(std::span<const CaseView> cases, const CaseStyle& style);

// "port 25", "ports 25, 465 and 587".
[[nodiscard]] std::string ports_text(std::span<const std::uint16_t> ports);
// "the detector", "alice", "somebody".
[[nodiscard]] std::string author_text(const CaseRecord& record);

}  // namespace mailweir
