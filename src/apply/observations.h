// Log rules that end by themselves: each is a table of its own, `inet mailweir_observe_N`, beside the one of the
// policy.
//
// In:  an observation as text (compile/observation_text.h).   Out: what runs, what it saw, what is over.
// Invariants
//   (1) The kernel's clock ends the logging (record/observation.h), whether any of us lives or not. What is left then,
//       a table that lets everything pass, is taken away by the keeper, or by the next change or list.
//   (2) Nothing about an observation is kept outside of the kernel: a flush of all rules or a reboot ends it.
//   (3) The policy's table is never touched; changing that one does not touch an observation.
// Threads and processes: any number at once; a number that two want at the same time goes to one of them.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "record/observation.h"

namespace mailweir {

struct StandingObservation {
  Observation what;
  bool over = false;  // the kernel has ended it, nobody has taken it away
  Duration left{};    // whole seconds
  std::uint64_t handle = 0;
  std::uint64_t seen = 0;    // attempts
  std::uint64_t logged = 0;  // of them; the limit of the log kept back the others
};

// By number. Those that were taken away in between are passed over.
[[nodiscard]] Result<std::vector<StandingObservation>> list_observations();

// Would the kernel take it? Changes nothing.
[[nodiscard]] Result<void> check_observation(const std::string& text);
// Under the lowest free number, which `text_of` is given. Limit: kObservationsMax run already.
[[nodiscard]] Result<int> start_observation(const std::function<std::string(int number)>& text_of);

// Takes away those for which `which` says so, and answers them as they were; numbers that changed hands are left alone.
[[nodiscard]] Result<std::vector<StandingObservation>> take_away_observations(
    const std::function<bool(const StandingObservation&)>& which);
// Those that are over.
[[nodiscard]] Result<std::vector<StandingObservation>> tidy_observations();

// What `nft -j list table inet mailweir_observe_N` prints. Nothing: not a table of this form.
[[nodiscard]] std::optional<StandingObservation> parse_observation(const std::string& listing);

// The keeper: one process in its own session that takes away what is over, and ends when nothing runs. Taking up anew
// replaces the one there is. It holds `runtime_dir`/observe.lock.
[[nodiscard]] Result<void> keep_observations(const std::string& runtime_dir);
// Makes it look whether it is still needed.
void wake_observation_keeper(const std::string& runtime_dir);

}  // namespace mailweir
