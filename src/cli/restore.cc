#include "cli/restore.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <nlohmann/json.hpp>
#include <optional>

#include "apply/change.h"
#include "apply/linux_kernel.h"
#include "cli/block_plan.h"
#include "cli/case_book.h"
#include "cli/give_up.h"
#include "decide/case_of.h"
#include "enforce/enforcer.h"
#include "report/json.h"
#include "report/words.h"
#include "sys/clock.h"

namespace mailweir {
namespace {

// The generation; 0: nothing was ever confirmed, or the table was removed.
Result<int> restore_table(Kernel& kernel, const CommonOptions& common, const Clock& clock) {
  const GenerationStore store(common.state_dir);
  auto restored = Changes(kernel, store, clock).restore_boot();
  if (!restored && restored.error().code() == ErrorCode::NotFound) return 0;
  return restored;
}

Result<std::vector<CaseRecord>> running_cases(const CommonOptions& common, Time now) {
  CaseQuery query;
  query.ends_after = now;
  query.carried_out_only = true;
  query.with_evidence = false;
  auto cases = read_cases(common, query);
  if (cases) std::erase_if(*cases, [&](const CaseRecord& record) { return !is_running(record, now); });
  return cases;
}

struct Restored {
  std::size_t blocks = 0, slowed = 0;
};

// How many came back; what the kernel still has stays as it is.
Result<Restored> restore_blocks(Kernel& kernel, bool has_table, const CommonOptions& common, Time now) {
  const auto cases = running_cases(common, now);
  if (!cases) return fail(cases.error());
  if (cases->empty()) return Restored{};
  if (const auto there = kernel.table(); there && there->fingerprint == 0 && !has_table) {
    // They were blocked by hand, where no policy was ever applied.
    const auto table = table_for_hand(nullptr);
    if (!table) return fail(table.error());
    if (auto installed = kernel.install(*table); !installed) return fail(std::move(installed).error());
  }
  Enforcer enforcer(kernel);
  if (const auto resumed = enforcer.resume(now); !resumed) {
    if (resumed.error().code() != ErrorCode::NotFound) return fail(resumed.error());
    return fail(ErrorCode::Refused,
                "the confirmed rules have no place for them: their policy has no [gateway] section");
  }
  for (const CaseRecord& record : *cases) {
    if (!enforcer.is_news(record.client, record.id)) continue;
    enforcer.put_back(block_of(record), record.until);
  }
  if (auto set = enforcer.reconcile(now); !set) return fail(std::move(set).error());
  return Restored{enforcer.counters().added, enforcer.counters().slowed};
}

std::string sentence(int generation, const Restored& blocks) {
  std::string text = generation != 0 ? fmt::format("Restored: generation {}", generation) : "Restored: no table";
  if (blocks.blocks > 0) text += fmt::format(", with {}", count_of(blocks.blocks, "block"));
  if (blocks.slowed > 0) text += fmt::format(", with {} slowed down", count_of(blocks.slowed, "client"));
  return text + ".\n";
}

}  // namespace

int restore(const RestoreOptions& options, const CommonOptions& common) {
  if (!options.boot) return give_up(Error(ErrorCode::Usage, "restore: say what: --boot; see also `mailweir rollback`"));
  const auto kernel = open_linux_kernel();
  if (!kernel) return give_up(kernel.error());
  const SystemClock clock;
  const auto generation = restore_table(**kernel, common, clock);
  if (!generation) return give_up(generation.error());
  const auto blocks = restore_blocks(**kernel, *generation != 0, common, clock.now());
  const bool nothing = *generation == 0 && blocks && blocks->blocks + blocks->slowed == 0;
  if (nothing && !common.quiet)
    fmt::print(stderr, "mailweir: {}: no table to restore\n",
               GenerationStore(common.state_dir).read_boot() ? "it was removed" : "nothing was ever confirmed");
  if (common.json) {
    auto answer = json_answer("restore");
    answer["result"] = nothing ? "unchanged" : "restored";
    answer["generation"] = *generation;
    answer["blocks"] = blocks ? nlohmann::ordered_json(blocks->blocks) : nlohmann::ordered_json();
    answer["slowed"] = blocks ? nlohmann::ordered_json(blocks->slowed) : nlohmann::ordered_json();
    std::fputs(print_json(answer).c_str(), stdout);
  } else if (!nothing && !common.quiet) {
    std::fputs(sentence(*generation, blocks ? *blocks : Restored{}).c_str(), stdout);
  }
  return blocks ? 0 : give_up(Error(blocks.error()).in("the blocks are not restored"));
}

}  // namespace mailweir
