// `mailweir run` on a gateway: sets up the table, listens, and lets the Guard decide, until it is told to end.
//
// One thread, one loop, no busy waiting. SIGTERM and SIGINT end it; the table and its blocks stay, and the blocks end
// by themselves. Needs CAP_NET_ADMIN in the network namespace, nothing else.
#pragma once

#include <string>

#include "base/result.h"
#include "daemon/guard.h"
#include "policy/policy.h"
#include "record/compiled_table.h"

namespace mailweir {

struct RunSettings {
  Policy policy;
  Mode mode = Mode::Enforce;
  std::string runtime_dir;
  std::string state_dir;  // the ledger, the changes of the table and what was learned are there
  // How often what was learned is written down; a restart without warning loses no more.
  Duration model_every = std::chrono::minutes(10);
};

[[nodiscard]] Result<void> run_gateway(const RunSettings& settings, const OnLine& on_line);

}  // namespace mailweir
