// A ledger in memory: what the real one's contract says, without a disk. Breaks on demand.
#pragma once

#include <optional>

#include "ledger/ledger_store.h"

namespace mailweir {

class FakeLedger final : public LedgerStore {
 public:
  explicit FakeLedger(LedgerLimits limits = {}) : limits_(limits) {}

  Result<void> write(std::span<const LedgerEntry> entries) override;
  Result<std::vector<CaseRecord>> find(const CaseQuery& query) override;
  Result<LedgerCounts> counts() override;

  // Every n-th write fails and leaves nothing behind; 0: none.
  void fail_every(unsigned n) { fail_every_ = n; }
  void fail_with(std::optional<ErrorCode> code) { failure_ = code; }
  [[nodiscard]] unsigned writes() const { return writes_; }  // failed ones too

 private:
  void add(const CaseRecord& record);
  void count(const CaseCounted& counted);
  void lift(const IpPrefix& client, const CaseEnd& end);
  void prune();

  LedgerLimits limits_;
  std::vector<CaseRecord> cases_;  // in time order
  std::uint64_t forgotten_ = 0;
  unsigned fail_every_ = 0, writes_ = 0;
  std::optional<ErrorCode> failure_;
};

}  // namespace mailweir
