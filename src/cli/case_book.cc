#include "cli/case_book.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <map>

#include "apply/linux_kernel.h"
#include "decide/case_of.h"
#include "enforce/enforcer.h"
#include "ledger/sqlite_ledger.h"

namespace mailweir {
namespace {

CaseRecord record_of(const Block& block, Time now) {
  CaseRecord record;
  record.id = block.case_id;
  record.client = block.client;
  record.since = now - (block.length - std::min(block.left, block.length));
  record.until = now + block.left;
  record.ports = ports_of(roles_of(block.scope));
  if (block.scope == BlockScope::SlowedDown) record.action = Decision::Action::Throttle;
  return record;
}

CaseView view_of(const Block& block, const std::map<std::string, const CaseRecord*>& by_id, Time now) {
  const auto found = by_id.find(block.case_id);
  const bool known = found != by_id.end() && found->second->client == block.client;
  CaseView view{known ? *found->second : record_of(block, now), CaseView::State::Running, known, block.stopped};
  view.record.ports = ports_of(roles_of(block.scope));
  return view;
}

std::map<std::string, const CaseRecord*> index_of(std::span<const CaseRecord> cases) {
  std::map<std::string, const CaseRecord*> by_id;
  for (const CaseRecord& record : cases) by_id.emplace(record.id, &record);
  return by_id;
}

}  // namespace

std::vector<CaseView> running_views(std::span<const Block> blocks, std::span<const CaseRecord> cases, Time now) {
  const auto by_id = index_of(cases);
  std::vector<CaseView> views;
  for (const Block& block : blocks) views.push_back(view_of(block, by_id, now));
  return views;
}

std::vector<CaseView> all_views(const KernelBlocks& kernel, std::span<const CaseRecord> cases, Time now) {
  const auto by_id = index_of(cases);
  std::map<std::string, CaseView> running;
  std::vector<CaseView> views;
  if (kernel.blocks) {
    for (const Block& block : *kernel.blocks) {
      CaseView view = view_of(block, by_id, now);
      if (view.in_ledger) {
        running.emplace(block.case_id, std::move(view));
      } else {
        views.push_back(std::move(view));
      }
    }
  }
  for (const CaseRecord& record : cases) {
    if (const auto found = running.find(record.id); found != running.end()) {
      views.push_back(found->second);
      continue;
    }
    const auto state = !is_running(record, now) ? CaseView::State::Over
                       : kernel.blocks          ? CaseView::State::NotThere
                                                : CaseView::State::Unknown;
    views.push_back({record, state, true, stopped_by(record)});
  }
  std::stable_sort(views.begin(), views.end(),
                   [](const CaseView& a, const CaseView& b) { return a.record.since < b.record.since; });
  return views;
}

Result<KernelBlocks> ask_kernel() {
  auto kernel = open_linux_kernel();
  if (!kernel) return fail(std::move(kernel).error());
  auto blocks = (*kernel)->blocks();
  if (blocks) return KernelBlocks{std::move(*blocks), ""};
  if (blocks.error().code() == ErrorCode::NotFound) return KernelBlocks{std::vector<Block>{}, ""};
  if (blocks.error().code() == ErrorCode::NotPermitted) return KernelBlocks{std::nullopt, blocks.error().text()};
  return fail(std::move(blocks).error());
}

Result<std::vector<CaseRecord>> read_cases(const CommonOptions& common, const CaseQuery& query) {
  auto ledger = open_ledger(ledger_file(common.state_dir), LedgerAccess::Read);
  if (ledger) return (*ledger)->find(query);
  if (ledger.error().code() == ErrorCode::NotFound) return std::vector<CaseRecord>{};
  return fail(std::move(ledger).error());
}

void remark(const CommonOptions& common, const std::string& text) {
  if (!common.quiet) fmt::print(stderr, "mailweir: {}\n", text);
}

bool write_down(const CommonOptions& common, std::span<const LedgerEntry> entries) {
  if (entries.empty()) return true;
  Result<void> written;
  if (auto ledger = open_ledger(ledger_file(common.state_dir), LedgerAccess::Write); !ledger) {
    written = fail(std::move(ledger).error());
  } else {
    written = (*ledger)->write(entries);
  }
  if (!written) fmt::print(stderr, "mailweir: done, but not written down: {}\n", written.error().text());
  return written.has_value();
}

}  // namespace mailweir
