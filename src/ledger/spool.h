// What waits to be written to the ledger: in memory, bounded, in order, until the disk takes it.
//
// Invariants
//   (1) Holds at most kEntriesMax entries; when full, the oldest is given up and counted.
//   (2) An entry leaves when the store said it was written, never before; one that was written although the store said
//       otherwise is written again, which the store passes over.
// Threads: one at a time.
#pragma once

#include <cstdint>
#include <deque>
#include <span>
#include <vector>

#include "base/result.h"
#include "ledger/ledger_store.h"

namespace mailweir {

class LedgerSpool {
 public:
  // An entry takes 1 to 4 KiB: some 100 MB at worst, a day of a busy gateway's decisions.
  static constexpr std::size_t kEntriesMax = 50'000;
  static constexpr std::size_t kBatch = 500;  // entries a transaction: a slow disk is asked rarely, a lock held shortly

  void add(LedgerEntry entry);
  // The next batch to write; then taken() or nothing.
  [[nodiscard]] std::vector<LedgerEntry> batch();
  // The first `count` of what batch() gave were written; what was given up meanwhile is accounted for.
  void taken(std::size_t count);

  [[nodiscard]] std::size_t waiting() const { return entries_.size(); }
  [[nodiscard]] std::uint64_t given_up() const { return given_up_; }

 private:
  std::deque<LedgerEntry> entries_;
  std::uint64_t given_up_ = 0;
  std::uint64_t first_ = 0;        // number of entries_.front() since the beginning
  std::uint64_t batch_first_ = 0;  // of the last batch
};

}  // namespace mailweir
