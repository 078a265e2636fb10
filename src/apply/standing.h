// How things stand: is what should be in force in force? For status; changes nothing.
//
// In:  the kernel, the state directory, the runtime directory, the time.   Out: a verdict with its figures.
// What it cannot read it says so in `unknown`, instead of guessing.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "apply/bypass.h"
#include "apply/generation_store.h"
#include "apply/kernel.h"
#include "apply/table_change.h"

namespace mailweir {

enum class Standing : std::uint8_t {
  Enforced,    // the kernel has the last confirmed table
  Pending,     // a change waits for its confirmation
  Unfinished,  // a change is in force whose maker was ended before it said so
  Overdue,     // a change waits beyond its deadline: its way back was ended
  Bypassed,    // it has it, and something keeps packets away from its rules
  Drifted,     // somebody else changed our table
  Missing,     // the table is gone
  Removed,     // the same, on somebody's word (`mailweir remove`)
  Unmanaged,   // there is a table of ours, set up by `run` alone: nothing was applied, or it was removed
  Nothing,     // nothing was ever applied, and there is no table
};
[[nodiscard]] std::string_view name_of(Standing standing);  // "enforced", "pending", …

struct StandingReport {
  Standing standing = Standing::Nothing;
  // Rules, chains and set elements of the generation that should be in force, and how many of them the kernel has.
  std::size_t wanted = 0, enforced = 0;
  std::vector<TableChange> drift;         // from what should be to what is
  std::optional<Generation> generation;   // that should be in force; nothing after a removal
  std::optional<Generation> last_change;  // the newest, however it ended
  bool boots = false;                     // the boot copy is that generation
  std::vector<std::string> bypasses;      // what makes rules useless that are there
  std::uint64_t blocks = 0, slowed = 0;   // clients that are blocked; that are slowed down
  LogCounts log;                          // of the rules that log
  bool running = false;                   // a guard with this runtime directory
};

// The generation whose table the kernel has right now: what was applied last, or what a way back leads to; or the
// removal, where it has none. Nothing: the table is nobody's here, or cannot be read.
[[nodiscard]] std::optional<Generation> generation_in_force(Kernel& kernel, const GenerationStore& store);

[[nodiscard]] Result<StandingReport> how_things_stand(Kernel& kernel, const GenerationStore& store,
                                                      const std::string& runtime_dir,
                                                      const std::vector<std::string>& flowtables, Time now);

}  // namespace mailweir
