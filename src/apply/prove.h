// Proof of effect: for each rule a real connection attempt along its path, and the rule's own counter before and after.
//
// In:  the compiled table, the kernel that has it.   Out: one proof per rule, family and port.
// Invariants
//   (1) Proven means: the counter of that very rule moved while the probe was on its way.
//   (2) Nothing is left behind, and no probe reaches a mail server: own traffic is tried on addresses nobody has
//   (RFC 5737, RFC 3849) or, without a route there, on an unused one of a connected network.
// Does not know: whether the packets that moved the counter were the probe's; another program's would too.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "apply/kernel.h"
#include "record/compiled_table.h"
#include "sys/probe.h"

namespace mailweir {

enum class ProofResult : std::uint8_t { Proven, Unproven, Inert };
[[nodiscard]] std::string_view name_of(ProofResult result);  // "proven", …
[[nodiscard]] std::string_view name_of(RuleHook hook);       // "output", "forward", "input"

struct Proof {
  const RuleInfo* rule = nullptr;
  bool v4 = true;
  std::uint16_t port = 0;
  ProofResult result = ProofResult::Unproven;
  std::uint64_t packets_before = 0, packets_after = 0;
  std::uint64_t bytes = 0;  // that the counter moved by
  std::string text;         // what was seen, or why nothing could be
};

// What the counters of a rule count together, in a listing of our table.
struct RuleCount {
  std::uint64_t rules = 0, packets = 0, bytes = 0;
};
[[nodiscard]] RuleCount count_of_rule(std::string_view listing, std::string_view id);

// How a connection attempt is made; the real one is probe_connection() to an address that nobody has.
using TryConnection = std::function<Result<ProbeEnd>(bool v4, std::uint16_t port)>;
[[nodiscard]] Result<ProbeEnd> try_from_here(bool v4, std::uint16_t port);

// REQUIRES: `table` outlives the answer. Rules that only let pass are not tried.
[[nodiscard]] Result<std::vector<Proof>> prove(Kernel& kernel, const CompiledTable& table,
                                               const TryConnection& try_connection);

}  // namespace mailweir
