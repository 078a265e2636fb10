// A log rule for a while: which attempts are logged, where, and until when. Written by compile/observation_text.h, kept
// in the kernel alone, in a table of its own (apply/observations.h).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/ip.h"
#include "base/port_range.h"
#include "base/time.h"
#include "record/compiled_table.h"

namespace mailweir {

// Family inet; followed by the number.
inline constexpr std::string_view kObservationTable = "mailweir_observe_";
// Each costs all traffic a comparison; a person follows fewer.
inline constexpr int kObservationsMax = 8;

struct Observation {
  int number = 0;                // from 1
  std::vector<PortRange> ports;  // destination; sorted, not overlapping, not empty
  std::vector<IpPrefix> from;    // sources; empty: everybody
  std::vector<RuleHook> hooks;   // not empty
  bool to_kernel_log = false;    // otherwise NFLOG, group kReportGroup
  std::string by;                // who asked for it
  Time since{}, until{};
};

// Begins every line it logs.
[[nodiscard]] inline std::string observation_prefix(int number) {
  return "mw observe." + std::to_string(number) + " seen ";
}

[[nodiscard]] constexpr std::string_view hook_name(RuleHook hook) {
  return hook == RuleHook::Output ? "output" : hook == RuleHook::Forward ? "forward" : "input";
}

}  // namespace mailweir
