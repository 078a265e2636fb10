#include "cli/remove.h"

#include <fmt/format.h>

#include <cstdio>
#include <nlohmann/json.hpp>

#include "apply/change.h"
#include "apply/linux_kernel.h"
#include "apply/observations.h"
#include "cli/case_book.h"
#include "cli/install.h"
#include "report/json.h"
#include "report/words.h"
#include "sys/clock.h"
#include "sys/operator.h"

namespace mailweir {
namespace {

struct Removed {
  bool table = false;
  int generation = 0;               // 0: nothing had to be remembered
  bool comes_back = false;          // a rollback finds a policy before it
  std::optional<Error> unrecorded;  // of Removal
  std::uint64_t blocks = 0, slowed = 0;
  std::size_t observations = 0;
};

// The blocks end with the table: `run` is not to bring them back.
void write_ends(std::span<const Block> blocks, const std::string& who, const CommonOptions& common) {
  const Time now = SystemClock().now();
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
  const std::string who = current_operator().name;
  const GenerationStore store(common.state_dir);
  const SystemClock clock;
  auto removal = Changes(**kernel, store, clock).remove(who);
  if (!removal) return fail(std::move(removal).error());
  removed.table = removal->was_there;
  removed.generation = removal->generation;
  removed.comes_back = one_back(store.list()) != nullptr;
  removed.unrecorded = std::move(removal->unrecorded);
  if (blocks) write_ends(*blocks, who, common);
  return removed;
}

std::string sentence(const Removed& removed, bool dry_run) {
  const char* is = dry_run ? "would be" : "is";
  std::string with = count_of(removed.blocks, "block");
  if (removed.slowed > 0) with += fmt::format(" and {} slowed down", count_of(removed.slowed, "client"));
  std::string text = removed.table ? fmt::format("The table inet mailweir {} gone, with {}.\n", is, with)
                                   : "There is no table inet mailweir here.\n";
  if (removed.generation > 0 && removed.comes_back)
    text += fmt::format("That is generation {}: `mailweir rollback` brings the policy before it back.\n",
                        removed.generation);
  if (removed.generation > 0 && boot_is_arranged())
    text += "A guard that is started at boot sets up a table of its own: `mailweir uninstall` keeps it from that.\n";
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
  if (removed->unrecorded)
    fmt::print(stderr, "mailweir: that could not be written down, so a reboot may bring the table back: {}\n",
               removed->unrecorded->text());
  if (common.json) {
    auto answer = json_answer("remove");
    answer["removed"] = removed->table && !options.dry_run;
    answer["generation"] =
        removed->generation > 0 ? nlohmann::ordered_json(removed->generation) : nlohmann::ordered_json();
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
