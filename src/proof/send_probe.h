// Makes one probe, from the place it starts at.
#pragma once

#include <optional>

#include "base/result.h"
#include "proof/judge.h"
#include "proof/probe_plan.h"
#include "sys/attached_host.h"

namespace mailweir {

// The two throw-away hosts; either may be missing.
struct ThrowAwayHosts {
  std::optional<AttachedHost> client, outside;

  [[nodiscard]] AttachedHost* at(ProbeFrom place) {
    auto& host = place == ProbeFrom::Client ? client : outside;
    return place == ProbeFrom::Machine || !host ? nullptr : &*host;
  }
};

struct ProbeAnswer {
  std::vector<ProbeEnd> ends;
  bool arrived = false;
};

// REQUIRES: the hosts that the probe starts from and goes to carry its addresses. `mark`: of its packets.
[[nodiscard]] Result<ProbeAnswer> send_probe(const Probe& probe, ThrowAwayHosts& hosts, std::uint32_t mark = 0);

}  // namespace mailweir
