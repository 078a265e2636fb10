// Changing our table so that it can be taken back: plan, apply, confirm, revert, rollback, remove, restore at boot.
//
// In:  what is wanted (a CompiledTable), the kernel, the state directory, the time.   Out: what happened.
// Invariants
//   (1) The kernel holds the old table or the new one, never something between: one batch, handed over as a whole.
//   (2) A generation is on the disk before the kernel is told; whoever finds it open learns from the kernel's table
//   which of the two is in force.
//   (3) With a time to confirm, the way back is armed before the kernel is told.
//   (4) The boot copy is written by confirmation only, after the generation says that it is confirmed.
// Threads and processes: one change at a time; a second one is refused.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "apply/generation_store.h"
#include "apply/kernel.h"
#include "apply/table_change.h"
#include "base/result.h"
#include "record/compiled_table.h"
#include "sys/clock.h"

namespace mailweir {

struct Plan {
  std::string before;                // listing() of what is there
  bool complete = true;              // with the contents of sets that come and go
  std::optional<ListedTable> there;  // the same as a model; nothing: no table
  ListedTable wanted;
  std::vector<TableChange> changes;  // empty: nothing to do
  std::string statements;            // what the kernel would be told
};
// Changes nothing in the kernel. `table`: statements that make the wanted table out of nothing. `store`: what is known
// there of the table is not asked again.
[[nodiscard]] Result<Plan> plan_change(Kernel& kernel, const std::string& table,
                                       const GenerationStore* store = nullptr);

struct ChangeOrder {
  std::string table;  // CompiledTable::text
  std::string policy_file, policy;
  std::string author;
  std::string remark;
  std::optional<Duration> confirm_within;  // nothing: final
  int returns_to = 0;                      // of a rollback: see Generation
};

struct ChangeResult {
  enum class Kind : std::uint8_t { Unchanged, Applied, Pending };
  Kind kind = Kind::Unchanged;
  int generation = 0;
  std::optional<Time> deadline;
  std::vector<TableChange> changes;
};

struct Removal {
  bool was_there = false;
  int generation = 0;               // 0: there was nothing to remember
  std::optional<Error> unrecorded;  // the table is gone all the same; a boot brings it back
};

// Starts what takes the generation back at its deadline (apply/way_back.h); answers when it stands.
using ArmWayBack = std::function<Result<void>(const Generation& generation)>;

class Changes {
 public:
  Changes(Kernel& kernel, const GenerationStore& store, const Clock& clock)
      : kernel_(kernel), store_(store), clock_(clock) {}

  // Refused: another change is under way, or one waits for its confirmation.
  [[nodiscard]] Result<ChangeResult> apply(const ChangeOrder& order, const ArmWayBack& arm);
  // Makes what is open final. NotFound: nothing waits. Reverted: it was too late, and the change is taken back.
  [[nodiscard]] Result<Generation> confirm();
  // Takes back what is open. NotFound: nothing waits.
  [[nodiscard]] Result<Generation> revert_open(const std::string& why);
  // The same of `number` alone, for those who wait for its deadline: several may, so this waits for its turn. Nothing:
  // it is not open any more.
  [[nodiscard]] Result<std::optional<Generation>> revert_due(int number, const std::string& why);
  static constexpr std::string_view kTooLate = "not confirmed in time";
  // Takes the table away and remembers that as a generation without one: a boot does not bring it back, a rollback
  // does. What waits for its confirmation is over. A state directory that takes nothing does not stop it.
  [[nodiscard]] Result<Removal> remove(const std::string& author);
  // At boot: an open change is over, the last confirmed table is loaded. NotFound: nothing was ever confirmed. 0: the
  // table was removed, and nothing is loaded.
  [[nodiscard]] Result<int> restore_boot();

 private:
  [[nodiscard]] Result<void> confirm_now(Generation& generation);
  [[nodiscard]] Result<void> revert_now(Generation& generation, const std::string& why);
  // Answers whether it changed anything.
  [[nodiscard]] Result<bool> settle(const std::vector<Generation>& generations, const Plan& plan);
  [[nodiscard]] Result<Generation> prepare_removal(int number, const std::string& author);
  [[nodiscard]] Result<void> record_removal(Generation& removal, const std::vector<Generation>& generations);
  [[nodiscard]] Result<ChangeResult> apply_locked(const ChangeOrder& order, const ArmWayBack& arm);
  [[nodiscard]] Result<void> carry_out(Generation& next, const Plan& plan, const ArmWayBack& arm);

  Kernel& kernel_;
  const GenerationStore& store_;
  const Clock& clock_;
};

// Is the table of the generation what the kernel has? Of a removal: has it none?
[[nodiscard]] bool is_in_force(const Generation& generation, const std::optional<ListedTable>& there);

// For people, one change a line: "+ chain mw_output: tcp dport 25 …".
[[nodiscard]] std::string change_line(const TableChange& change);

}  // namespace mailweir
