// The kernel's blocks joined with the ledger's cases.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "apply/kernel.h"
#include "cli/common.h"
#include "ledger/ledger_store.h"
#include "report/case_view.h"

namespace mailweir {

// What the kernel holds; nothing when it may not be asked. No table: no block.
struct KernelBlocks {
  std::optional<std::vector<Block>> blocks;
  std::string trouble;  // why not
};

// By client. A block the ledger does not know is told with what the kernel holds.
[[nodiscard]] std::vector<CaseView> running_views(std::span<const Block> blocks, std::span<const CaseRecord> cases,
                                                  Time now);
// In time order: the cases, with how they stand, and blocks the ledger does not know.
[[nodiscard]] std::vector<CaseView> all_views(const KernelBlocks& kernel, std::span<const CaseRecord> cases, Time now);

[[nodiscard]] Result<KernelBlocks> ask_kernel();

// Nothing: no ledger yet.
[[nodiscard]] Result<std::vector<CaseRecord>> read_cases(const CommonOptions& common, const CaseQuery& query);
// Says on standard error what could not be read or written, and what that means.
void remark(const CommonOptions& common, const std::string& text);
// Writes, or remarks that what was done is not written down.
bool write_down(const CommonOptions& common, std::span<const LedgerEntry> entries);

}  // namespace mailweir
