#include "cli/remove.h"

#include <fmt/format.h>

#include <cstdio>
#include <nlohmann/json.hpp>

#include "apply/linux_kernel.h"
#include "apply/observations.h"
#include "cli/case_book.h"
#include "report/json.h"
#include "report/words.h"
#include "sys/clock.h"
#include "sys/operator.h"

namespace mailweir {
namespace {

struct Removed {
  bool table = false;
  std::uint64_t blocks = 0, slowed = 0;
  std::size_t observations = 0;
};

// The blocks end with the table: `run` is not to bring them back.
void write_ends(std::span<const Block> blocks, const CommonOptions& common) {
  const Time now = SystemClock().now();
  const std::string who = current_operator().name;
  std::vector<LedgerEntry> entries;
  for (const Block& block : blocks) entries.emplace_back(CaseLifted{block.client, {now, who, false, block.stopped}});
  write_down(common, entries);
}

Result<Removed> remove_table(bool dry_run, const CommonOptions& common) {
  auto kernel = open_linux_kernel();
  if (!kernel) return fail(std::move(kernel).error());
  Removed removed;
  const auto blocks = (*kernel)->blocks();
  if (blocks) {
    removed.table = true;
    removed.slowed = count_slowed(*blocks);
    removed.blocks = blocks->size() - removed.slowed;
  } else if (blocks.error().code() != ErrorCode::NotFound) {
    return fail(blocks.error());
  }
  if (dry_run) {
    const auto observations = list_observations();
    if (!observations) return fail(observations.error());
    removed.observations = observations->size();
    return removed;
  }
  const auto observations = take_away_observations([](const StandingObservation&) { return true; });
  if (!observations) return fail(observations.error());
  removed.observations = observations->size();
  wake_observation_keeper(common.runtime_dir);
  auto was_there = (*kernel)->remove();
  if (!was_there) return fail(std::move(was_there).error());
  removed.table = *was_there;
  if (blocks) write_ends(*blocks, common);
  return removed;
}

std::string sentence(const Removed& removed, bool dry_run) {
  const char* is = dry_run ? "would be" : "is";
  std::string with = count_of(removed.blocks, "block");
  if (removed.slowed > 0) with += fmt::format(" and {} slowed down", count_of(removed.slowed, "client"));
  std::string text = removed.table ? fmt::format("The table inet mailweir {} gone, with {}.\n", is, with)
                                   : "There is no table inet mailweir here.\n";
  if (removed.observations > 0)
    text += fmt::format("{} {} ended.\n", count_of(removed.observations, "observation"), is);
  return text;
}

}  // namespace

int remove(const RemoveOptions& options, const CommonOptions& common) {
  const auto removed = remove_table(options.dry_run, common);
  if (!removed) {
    fmt::print(stderr, "mailweir: {}\n", removed.error().text());
    return exit_status(removed.error().code());
  }
  if (common.json) {
    auto answer = json_answer("remove");
    answer["removed"] = removed->table && !options.dry_run;
    answer["blocks"] = removed->blocks;
    answer["slowed"] = removed->slowed;
    answer["observations"] = removed->observations;
    std::fputs(print_json(answer).c_str(), stdout);
  } else if (!common.quiet) {
    std::fputs(sentence(*removed, options.dry_run).c_str(), stdout);
  }
  return 0;
}

}  // namespace mailweir
