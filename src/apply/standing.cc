#include "apply/standing.h"

#include <algorithm>
#include <array>

#include "apply/change.h"
#include "apply/listing_memory.h"
#include "sys/file_lock.h"

namespace mailweir {
namespace {

constexpr std::array<std::string_view, 10> kNames{"enforced", "pending", "unfinished", "overdue",   "bypassed",
                                                  "drifted",  "missing", "removed",    "unmanaged", "nothing"};

std::size_t lost_parts(const std::vector<TableChange>& drift, const ListedTable& wanted) {
  std::size_t lost = 0;
  for (const TableChange& change : drift) {
    // A set that is gone is one part; of a chain that is gone, every rule is told.
    const bool is_object = change.what.empty();
    if (change.op == TableChange::Op::Add && (!is_object || change.where.starts_with("set "))) ++lost;
  }
  return std::min(lost, parts_of(wanted));
}

Standing standing_of(const Generation& generation, bool in_force, bool looked_after, Time now) {
  if (generation.state == GenerationState::Confirmed) return Standing::Enforced;
  if (generation.deadline && *generation.deadline <= now && !looked_after) return Standing::Overdue;
  if (generation.state == GenerationState::Pending) return Standing::Pending;
  return in_force && !generation.deadline ? Standing::Unfinished : Standing::Pending;
}

}  // namespace

std::string_view name_of(Standing standing) { return kNames[static_cast<std::size_t>(standing)]; }

std::optional<Generation> generation_in_force(Kernel& kernel, const GenerationStore& store) {
  const auto listing = known_listing(kernel, store);
  if (!listing) return std::nullopt;
  const auto there = parse_listing(listing->text);
  if (!there && !listing->text.empty()) return std::nullopt;
  const auto generations = store.list();
  for (const Generation* candidate : {open_one(generations), newest(generations, GenerationState::Confirmed)}) {
    if (candidate != nullptr && is_in_force(*candidate, there)) return *candidate;
  }
  return std::nullopt;
}

Result<StandingReport> how_things_stand(Kernel& kernel, const GenerationStore& store, const std::string& runtime_dir,
                                        const std::vector<std::string>& flowtables, Time now) {
  StandingReport report;
  report.running = lock_holder(runtime_dir + "/lock").has_value();
  const auto listing = known_listing(kernel, store);
  if (!listing) return fail(Error(listing.error()).in("reading the table"));
  const auto there = parse_listing(listing->text);
  if (!there && !listing->text.empty()) {
    return fail(ErrorCode::Unsupported, "this nft lists the table in a form we do not know");
  }
  if (there) {
    if (const auto blocks = kernel.blocks()) {
      report.slowed = count_slowed(*blocks);
      report.blocks = blocks->size() - report.slowed;
    }
    if (const auto rules = kernel.rule_packets()) report.log = log_counts(*rules);
  }

  const auto generations = store.list();
  if (!generations.empty()) report.last_change = generations.back();
  const Generation* intended = open_one(generations);
  // Written down, never loaded: the one before it holds.
  if (intended != nullptr && intended->state == GenerationState::Prepared && !is_in_force(*intended, there)) {
    intended = nullptr;
  }
  if (intended == nullptr) intended = newest(generations, GenerationState::Confirmed);
  if (intended == nullptr) {
    report.standing = there ? Standing::Unmanaged : Standing::Nothing;
    return report;
  }
  if (intended->is_removal()) {
    report.standing = there ? Standing::Unmanaged : Standing::Removed;
    return report;
  }
  report.generation = *intended;
  const auto boot = store.read_boot();
  report.boots = boot && boot->generation == intended->number;
  const bool in_force = is_in_force(*intended, there);
  report.standing = standing_of(*intended, in_force, lock_holder(store.way_back_lock()).has_value(), now);
  const auto wanted = parse_listing(intended->listing);
  if (!wanted) return fail(ErrorCode::BadInput, "the record of the last change cannot be read");
  report.wanted = parts_of(*wanted);
  report.enforced = report.wanted;
  std::size_t bypassed = 0;
  if (there) {
    for (Bypass& bypass : bypasses_of(*there, flowtables)) {
      bypassed += bypass.parts;
      report.bypasses.push_back(std::move(bypass.text));
    }
  }
  if (!report.bypasses.empty() && report.standing == Standing::Enforced) report.standing = Standing::Bypassed;
  if (in_force) {
    report.enforced -= std::min(report.enforced, bypassed);
    return report;
  }
  report.drift = table_difference(there, *wanted);
  report.enforced = there ? report.wanted - lost_parts(report.drift, *wanted) : 0;
  report.enforced -= std::min(report.enforced, bypassed);
  if (report.drift.empty()) return report;  // only a marker differs
  report.standing = there ? Standing::Drifted : Standing::Missing;
  return report;
}

}  // namespace mailweir
