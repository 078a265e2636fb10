#include "apply/change.h"

#include <fmt/format.h>

#include <utility>

#include "apply/listing_memory.h"
#include "apply/way_back.h"
#include "base/must.h"
#include "sys/file_lock.h"

namespace mailweir {
namespace {

Result<FileLock> take_lock(const GenerationStore& store) {
  if (auto made = store.make(); !made) return fail(std::move(made).error());
  auto lock = FileLock::try_take(store.change_lock());
  if (!lock) return fail(std::move(lock).error());
  if (*lock) return std::move(**lock);
  const pid_t holder = lock_holder(store.change_lock()).value_or(0);
  const std::string who = holder > 0 ? fmt::format(" (process {})", holder) : std::string();
  return fail(ErrorCode::Refused, "another change of the table is under way" + who);
}

Result<std::optional<ListedTable>> model_of(const std::string& listing) {
  if (listing.empty()) return std::nullopt;
  auto table = parse_listing(listing);
  if (!table) return fail(ErrorCode::Unsupported, "this nft lists the table in a form we do not know");
  return table;
}

Result<std::optional<ListedTable>> what_is_there(Kernel& kernel) {
  const auto listing = kernel.listing();
  if (!listing) return fail(Error(listing.error()).in("reading the table"));
  return model_of(*listing);
}

Result<KnownListing> listing_for(Kernel& kernel, const GenerationStore* store) {
  if (store != nullptr) return known_listing(kernel, *store);
  auto listing = kernel.listing();
  if (!listing) return fail(std::move(listing).error());
  return KnownListing{std::move(*listing), true};
}

Error waits(const Generation& open) {
  const std::string until = open.deadline ? " until " + format_time(*open.deadline) : "";
  return Error(ErrorCode::Refused,
               fmt::format("generation {} waits for its confirmation{}: first `mailweir confirm` or "
                           "`mailweir rollback`",
                           open.number, until));
}

Generation generation_of(const ChangeOrder& order, const Plan& plan) {
  Generation next;
  next.author = order.author;
  next.remark = order.remark;
  next.returns_to = order.returns_to;
  next.policy_file = order.policy_file;
  next.policy = order.policy;
  next.table = order.table;
  next.listing = print_listing(plan.wanted);
  // When nothing changes, what is there differs from what is wanted by its marker at most.
  next.digest = table_digest(plan.changes.empty() ? *plan.there : plan.wanted);
  for (const TableChange& change : plan.changes) next.difference.push_back(change_line(change));
  return next;
}

Result<Generation> nothing_waits() { return fail(ErrorCode::NotFound, "no change waits for a confirmation"); }

}  // namespace

Result<Plan> plan_change(Kernel& kernel, const std::string& table, const GenerationStore* store) {
  Plan plan;
  auto before = listing_for(kernel, store);
  if (!before) return fail(std::move(before).error().in("reading the table"));
  auto there = model_of(before->text);
  if (!there) return fail(std::move(there).error());
  const auto wanted = kernel.listing_of(table);
  if (!wanted) return fail(Error(wanted.error()).in("trying the new table out"));
  auto model = model_of(*wanted);
  if (!model) return fail(std::move(model).error());
  MUST(model->has_value());
  if (!before->complete && carries_over(**there, **model)) {
    before = listing_for(kernel, nullptr);
    if (!before) return fail(std::move(before).error().in("reading the table"));
    there = model_of(before->text);
    if (!there) return fail(std::move(there).error());
  }
  plan.before = std::move(before->text);
  plan.complete = before->complete;
  plan.there = std::move(*there);
  plan.wanted = std::move(**model);
  plan.changes = table_difference(plan.there, plan.wanted);
  if (!plan.changes.empty()) plan.statements = change_statements(plan.there, plan.wanted, table);
  return plan;
}

bool is_in_force(const Generation& generation, const std::optional<ListedTable>& there) {
  if (generation.is_removal()) return !there;
  return there && table_digest(*there) == generation.digest;
}

std::string change_line(const TableChange& change) {
  const char sign = change.op == TableChange::Op::Add ? '+' : change.op == TableChange::Op::Remove ? '-' : '~';
  return fmt::format("{} {}{}{}", sign, change.where, change.what.empty() ? "" : ": ", change.what);
}

// What an earlier run left open and nobody looks after any more.
Result<bool> Changes::settle(const std::vector<Generation>& generations, const Plan& plan) {
  bool changed = false;
  for (const Generation& found : generations) {
    if (!found.is_open()) continue;
    Generation generation = found;
    const bool looked_after = lock_holder(store_.way_back_lock()).has_value();
    if (generation.deadline && (looked_after || clock_.now() < *generation.deadline)) return fail(waits(generation));
    if (generation.deadline && is_in_force(generation, plan.there)) {
      if (auto reverted = revert_now(generation, std::string(kTooLate)); !reverted)
        return fail(std::move(reverted).error());
      changed = true;
      continue;
    }
    if (is_in_force(generation, plan.there) && plan.changes.empty()) continue;  // apply() finishes it
    generation.state = is_in_force(generation, plan.there) ? GenerationState::Confirmed : GenerationState::Failed;
    generation.remark = "its maker was ended before it could say how it went";
    if (auto written = store_.write(generation); !written) return fail(std::move(written).error());
    changed = true;
  }
  return changed;
}

Result<ChangeResult> Changes::apply(const ChangeOrder& order, const ArmWayBack& arm) {
  const auto lock = take_lock(store_);
  if (!lock) return fail(lock.error());
  return apply_locked(order, arm);
}

Result<ChangeResult> Changes::apply_locked(const ChangeOrder& order, const ArmWayBack& arm) {
  auto plan = plan_change(kernel_, order.table, &store_);
  if (!plan) return fail(std::move(plan).error());
  const auto settled = settle(store_.list(), *plan);
  if (!settled) return fail(settled.error());
  const auto generations = store_.list();
  if (*settled) {  // something may have been taken back
    plan = plan_change(kernel_, order.table, &store_);
    if (!plan) return fail(std::move(plan).error());
  }

  const Generation* last = generations.empty() ? nullptr : &generations.back();
  ChangeResult result;
  result.changes = plan->changes;
  const auto boot = store_.read_boot();
  if (plan->changes.empty() && last != nullptr && is_in_force(*last, plan->there)) {
    Generation same = *last;
    result.generation = same.number;
    if (same.state == GenerationState::Confirmed && boot && boot->generation == same.number) return result;
    if (auto confirmed = confirm_now(same); !confirmed) return fail(std::move(confirmed).error());
    return result;
  }

  Generation next = generation_of(order, *plan);
  next.number = last == nullptr ? 1 : last->number + 1;
  next.time = clock_.now();
  if (order.confirm_within && !plan->changes.empty()) next.deadline = next.time + *order.confirm_within;
  if (!plan->changes.empty()) {
    if (auto checked = kernel_.check_statements(plan->statements); !checked) {
      return fail(std::move(checked).error().in("kernel dry run"));
    }
  }
  if (auto carried = carry_out(next, *plan, arm); !carried) return fail(std::move(carried).error());
  store_.forget_old();
  result.generation = next.number;
  result.deadline = next.deadline;
  using Kind = ChangeResult::Kind;
  result.kind = next.deadline ? Kind::Pending : plan->changes.empty() ? Kind::Unchanged : Kind::Applied;
  return result;
}

// Everything that needs room on the disk comes before the kernel is told; afterwards only names change.
Result<void> Changes::carry_out(Generation& next, const Plan& plan, const ArmWayBack& arm) {
  Generation after = next;
  after.state = next.deadline ? GenerationState::Pending : GenerationState::Confirmed;
  const auto never = [&](Error error) {
    next.state = GenerationState::Failed;
    next.remark = error.text();
    (void)store_.write(next);  // without it, the kernel's table says the same
    wake_way_back(store_);
    return fail(std::move(error));
  };
  std::string before = plan.before;
  // The way back brings blocks back too, should somebody flush them meanwhile. What is final needs no such copy.
  if (next.deadline && !plan.complete) {
    auto listing = kernel_.listing();
    if (!listing) return fail(std::move(listing).error().in("reading the table"));
    before = std::move(*listing);
  }
  if (auto written = store_.write_before(next.number, before); !written) return fail(std::move(written).error());
  if (auto written = store_.write(next); !written) return never(std::move(written).error());
  if (auto staged = store_.stage(after); !staged) return never(std::move(staged).error());
  if (!next.deadline) {
    if (auto staged = store_.stage_boot(after); !staged) return never(std::move(staged).error());
  } else if (auto armed = arm(next); !armed) {
    return never(std::move(armed).error().in("arming the way back"));
  }
  if (!plan.changes.empty()) {
    if (auto loaded = kernel_.load_statements(plan.statements); !loaded) {
      // Said to have failed: the kernel's table is what counts.
      const auto there = what_is_there(kernel_);
      if (!there) return fail(std::move(loaded).error());  // stays open: whoever can look will know
      if (!is_in_force(next, *there)) return never(std::move(loaded).error());
    }
  }
  if (!plan.changes.empty()) remember_listing(kernel_, store_, plan.wanted);
  next.state = after.state;
  auto recorded = store_.take_staged(next.number);
  if (recorded && !next.deadline) recorded = store_.take_staged_boot();
  if (recorded) return {};
  Error error = std::move(recorded).error();
  if (auto reverted = revert_now(next, error.text()); !reverted)
    return fail(std::move(error).in(reverted.error().text()));
  return fail(std::move(error).in("writing down what was changed; it is taken back"));
}

Result<void> Changes::confirm_now(Generation& generation) {
  generation.state = GenerationState::Confirmed;
  if (auto staged = store_.stage(generation); !staged) return staged;
  if (auto staged = store_.stage_boot(generation); !staged) return staged;
  if (auto confirmed = store_.take_staged(generation.number); !confirmed) return confirmed;
  wake_way_back(store_);
  return store_.take_staged_boot();
}

Result<void> Changes::revert_now(Generation& generation, const std::string& why) {
  const auto before = store_.read_before(generation.number);
  if (!before) return fail(before.error());
  const auto old = model_of(*before);
  if (!old) return fail(old.error());
  const auto there = what_is_there(kernel_);
  if (!there) return fail(there.error());
  const bool is_back =
      there->has_value() == old->has_value() && (!there->has_value() || table_digest(**there) == table_digest(**old));
  if (!is_back) {
    const std::string statements = way_back_statements(*there, *old, clock_.now() - generation.time);
    if (auto loaded = kernel_.load_statements(statements); !loaded) {
      return fail(std::move(loaded).error().in("taking the change back"));
    }
  }
  generation.state = GenerationState::Reverted;
  generation.remark = why;
  const auto written = store_.write(generation);
  wake_way_back(store_);
  return written;
}

Result<Generation> Changes::confirm() {
  const auto lock = take_lock(store_);
  if (!lock) return fail(lock.error());
  const auto generations = store_.list();
  const Generation* open = open_one(generations);
  if (open == nullptr) return nothing_waits();
  Generation generation = *open;
  if (generation.deadline && *generation.deadline <= clock_.now()) {
    if (auto reverted = revert_now(generation, std::string(kTooLate)); !reverted)
      return fail(std::move(reverted).error());
    return fail(ErrorCode::Reverted, fmt::format("it was too late: generation {} is taken back", generation.number));
  }
  const auto there = what_is_there(kernel_);
  if (!there) return fail(there.error());
  if (!is_in_force(generation, *there)) {
    return fail(ErrorCode::Refused,
                fmt::format("the kernel's table is not that of generation {}: somebody else changed it; "
                            "`mailweir rollback` takes it back, `mailweir apply` sets it up anew",
                            generation.number));
  }
  if (auto confirmed = confirm_now(generation); !confirmed) return fail(std::move(confirmed).error());
  return generation;
}

Result<Generation> Changes::revert_open(const std::string& why) {
  const auto lock = take_lock(store_);
  if (!lock) return fail(lock.error());
  const auto generations = store_.list();
  const Generation* open = open_one(generations);
  if (open == nullptr) return nothing_waits();
  Generation generation = *open;
  if (auto reverted = revert_now(generation, why); !reverted) return fail(std::move(reverted).error());
  return generation;
}

Result<std::optional<Generation>> Changes::revert_due(int number, const std::string& why) {
  const auto lock = FileLock::wait(store_.change_lock());
  if (!lock) return fail(lock.error());
  auto generation = store_.read(number);
  if (!generation) return fail(std::move(generation).error());
  if (!generation->is_open()) return std::nullopt;
  if (auto reverted = revert_now(*generation, why); !reverted) return fail(std::move(reverted).error());
  return std::move(*generation);
}

// On the disk before the kernel is told, as every change.
Result<Generation> Changes::prepare_removal(int number, const std::string& author) {
  Generation removal;
  removal.number = number;
  removal.time = clock_.now();
  removal.author = author;
  removal.remark = "removed";
  removal.difference = {"- table: inet mailweir"};
  auto before = kernel_.listing();
  if (!before) return fail(std::move(before).error());
  if (auto written = store_.write_before(number, *before); !written) return fail(std::move(written).error());
  if (auto written = store_.write(removal); !written) return fail(std::move(written).error());
  return removal;
}

Result<void> Changes::record_removal(Generation& removal, const std::vector<Generation>& generations) {
  for (Generation generation : generations) {
    if (!generation.is_open()) continue;
    generation.state = GenerationState::Reverted;
    generation.remark = "the table was removed before it was confirmed";
    if (auto written = store_.write(generation); !written) return written;
  }
  return confirm_now(removal);
}

Result<Removal> Changes::remove(const std::string& author) {
  const auto lock = take_lock(store_);
  if (!lock && lock.error().code() == ErrorCode::Refused) return fail(lock.error());
  const auto there = kernel_.fingerprint();
  if (!there) return fail(there.error());
  const auto generations = store_.list();
  const bool is_gone = there->empty();
  Removal result;
  if (is_gone && (generations.empty() || (!generations.back().is_open() && generations.back().is_removal())))
    return result;

  auto removal = lock ? prepare_removal(generations.empty() ? 1 : generations.back().number + 1, author)
                      : Result<Generation>(fail(lock.error()));
  auto removed = kernel_.remove();
  if (!removed) {
    if (removal) {
      removal->state = GenerationState::Failed;
      removal->remark = removed.error().text();
      (void)store_.write(*removal);  // without it, the kernel's table says the same
    }
    return fail(std::move(removed).error());
  }
  result.was_there = *removed;
  const auto recorded = removal ? record_removal(*removal, generations) : Result<void>(fail(removal.error()));
  if (recorded) {
    result.generation = removal->number;
  } else {
    result.unrecorded = recorded.error();
  }
  return result;
}

Result<int> Changes::restore_boot() {
  const auto lock = take_lock(store_);
  if (!lock) return fail(lock.error());
  for (Generation generation : store_.list()) {
    if (!generation.is_open()) continue;
    generation.state = GenerationState::Reverted;
    generation.remark = "the machine started anew before it was confirmed";
    (void)store_.write(generation);  // a full disk must not keep the table away
  }
  const auto generations = store_.list();
  const Generation* confirmed = newest(generations, GenerationState::Confirmed);
  auto boot = store_.read_boot();
  // Ended between the two steps of confirming: the generation says so, the copy is older.
  if (confirmed != nullptr && (!boot || boot->generation < confirmed->number)) {
    boot = BootCopy{confirmed->number, confirmed->table};
    if (store_.stage_boot(*confirmed)) (void)store_.take_staged_boot();
  }
  if (!boot) return fail(std::move(boot).error());
  if (boot->table.empty()) return 0;
  const auto there = what_is_there(kernel_);
  if (!there) return fail(there.error());
  std::string statements = boot->table;
  if (*there) {
    const auto plan = plan_change(kernel_, boot->table);
    if (!plan) return fail(plan.error());
    statements = plan->statements;
  }
  if (!statements.empty()) {
    if (auto loaded = kernel_.load_statements(statements); !loaded) return fail(std::move(loaded).error());
  }
  return boot->generation;
}

}  // namespace mailweir
