// Proof of effect: for each rule of our table a real attempt along its path, and the rule's own counter before and
// after.
//
// In:  the compiled table, the kernel that has it, what the operator allows.   Out: one proof per rule, family and
// port, in the order of the rules; remarks. Invariants
//   (1) What judge.h says of a proof.
//   (2) Nothing is left behind: throw-away hosts go with the process (sys/attached_host.h); the one thing put into our
//       table, a block for a throw-away client, ends by itself within half a minute.
//   (3) Only a machine that forwards nothing, or whose operator says so, gets throw-away hosts.
#pragma once

#include <string>
#include <vector>

#include "apply/kernel.h"
#include "base/result.h"
#include "proof/judge.h"
#include "proof/other_rules.h"
#include "proof/probe_plan.h"
#include "record/compiled_table.h"

namespace mailweir {

struct ProveSettings {
  bool forward_probe = false;  // throw-away hosts also on a machine that forwards
  bool limit_probe = false;    // PlanSettings::limits_too
  std::optional<NamedTarget> target{};
};

// Something about the whole table.
struct Remark {
  std::string id, text;
};

struct ProofReport {
  std::vector<Proof> proofs;
  std::vector<Remark> remarks;
};

// What this machine is, in this network namespace.
[[nodiscard]] Surroundings surroundings();

// REQUIRES: `table` outlives the answer. NotPermitted: we may not read the rules of the kernel.
[[nodiscard]] Result<ProofReport> prove(Kernel& kernel, const CompiledTable& table, const ProveSettings& settings);

// What other people's rules mean for our whole table, whatever the probes show.
[[nodiscard]] std::vector<Remark> remarks_on(const OtherRules& others, const CompiledTable& table);

}  // namespace mailweir
