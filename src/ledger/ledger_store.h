// The door to the ledger: what was decided about whom, and why, in the order in which it happened.
//
// One real (ledger/sqlite_ledger.h) and one fake (tests/support/fake_ledger.h), held to the same contract tests
// (tests/contract).
// Invariants
//   (1) Append-only: a case is never changed, except that it may end early, once, and that what it stopped is
//       counted. A lift by a name replaces one by nobody.
//   (2) At most one block or throttle of a client runs: a later one ends it, and is named as its successor.
//   (3) Holds at most limits.cases_max cases, none that ended more than limits.age_max before the newest began; the
//       oldest is forgotten first, and counted. A running one is not forgotten for its age.
//   (4) What find() returns is valid as record/case_record.h says, whatever the file holds.
// Threads: one at a time.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "base/result.h"
#include "record/case_record.h"

namespace mailweir {

struct LedgerLimits {
  std::uint64_t cases_max = 200'000;          // about 200 MB with full evidence
  Duration age_max = std::chrono::days(400);  // a year's complaints can be answered
  std::size_t evidence_max = 64;              // parts a case; further ones are left out when it is written
  std::size_t text_bytes_max = 4096;          // of any text; longer ones are cut when they are written
};

struct CaseQuery {
  std::optional<IpPrefix> client{};
  std::optional<Time> since{};       // decided then or later
  std::optional<Time> ends_after{};  // ended or ends after that
  bool carried_out_only = false;     // blocks and throttles
  bool with_evidence = true;
};

struct LedgerCounts {
  std::uint64_t cases = 0;
  std::uint64_t forgotten = 0;
};

class LedgerStore {
 public:
  virtual ~LedgerStore() = default;

  // All or none, in order. A case that is there already (by id) is passed over, and so is a lift that finds no running
  // block: what may have been written before can be written again.
  [[nodiscard]] virtual Result<void> write(std::span<const LedgerEntry> entries) = 0;
  // In time order.
  [[nodiscard]] virtual Result<std::vector<CaseRecord>> find(const CaseQuery& query) = 0;
  [[nodiscard]] virtual Result<LedgerCounts> counts() = 0;
};

}  // namespace mailweir
