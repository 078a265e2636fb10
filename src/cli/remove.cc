#include "cli/remove.h"

#include <fmt/format.h>

#include <cstdio>
#include <nlohmann/json.hpp>

#include "apply/linux_kernel.h"
#include "cli/case_book.h"
#include "report/json.h"
#include "sys/clock.h"
#include "sys/operator.h"

namespace mailweir {
namespace {

struct Removed {
  bool table = false;
  std::uint64_t blocks = 0;
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
    removed.blocks = blocks->size();
  } else if (blocks.error().code() != ErrorCode::NotFound) {
    return fail(blocks.error());
  }
  if (dry_run) return removed;
  auto was_there = (*kernel)->remove();
  if (!was_there) return fail(std::move(was_there).error());
  removed.table = *was_there;
  if (blocks) write_ends(*blocks, common);
  return removed;
}

std::string sentence(const Removed& removed, bool dry_run) {
  if (!removed.table) return "There is no table inet mailweir here.\n";
  return fmt::format("The table inet mailweir {} gone, with {} block{}.\n", dry_run ? "would be" : "is", removed.blocks,
                     removed.blocks == 1 ? "" : "s");
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
    std::fputs(print_json(answer).c_str(), stdout);
  } else if (!common.quiet) {
    std::fputs(sentence(*removed, options.dry_run).c_str(), stdout);
  }
  return 0;
}

}  // namespace mailweir
