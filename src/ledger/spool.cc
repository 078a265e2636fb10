#include "ledger/spool.h"

#include <algorithm>

namespace mailweir {

void LedgerSpool::add(LedgerEntry entry) {
  if (entries_.size() >= kEntriesMax) {
    entries_.pop_front();
    ++first_;
    ++given_up_;
  }
  entries_.push_back(std::move(entry));
}

std::vector<LedgerEntry> LedgerSpool::batch() {
  batch_first_ = first_;
  const auto count = std::min(entries_.size(), kBatch);
  return {entries_.begin(), entries_.begin() + static_cast<std::ptrdiff_t>(count)};
}

void LedgerSpool::taken(std::size_t count) {
  const std::uint64_t end = batch_first_ + count;
  while (first_ < end && !entries_.empty()) {
    entries_.pop_front();
    ++first_;
  }
}

}  // namespace mailweir
