// Writes to the ledger beside the event loop: a slow, full, locked or broken disk never makes a block wait.
//
// In:  entries.   Out: the ledger; and news, when writing becomes impossible and when it works again, once each.
// Invariants
//   (1) record() takes a moment of memory work, whatever the disk does.
//   (2) Each batch opens the ledger anew: a file that was repaired, moved away or replaced is found, and no lock is
//   held
//       in between.
//   (3) The destructor writes what waits, tries it once, and tells nobody: ask finish() for that.
// Threads: record(), take_news(), counters() and finish() from one thread; the disk is used by a thread of its own.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "ledger/ledger_store.h"
#include "ledger/spool.h"
#include "sys/fd.h"

namespace mailweir {

using OpenLedger = std::function<Result<std::unique_ptr<LedgerStore>>()>;

struct LedgerWriterCounters {
  std::uint64_t written = 0;   // entries
  std::uint64_t waiting = 0;   // now
  std::uint64_t failed = 0;    // attempts
  std::uint64_t given_up = 0;  // entries that will never be written
};

struct LedgerNews {
  bool works = false;
  std::string reason;         // why not
  std::uint64_t written = 0;  // with `works`: entries that had waited
};

class LedgerWriter {
 public:
  static constexpr Duration kRetryAfter = std::chrono::seconds(5);  // rare enough for a full disk, soon after a lock

  explicit LedgerWriter(OpenLedger open, Duration retry_after = kRetryAfter);
  ~LedgerWriter();
  LedgerWriter(const LedgerWriter&) = delete;
  LedgerWriter& operator=(const LedgerWriter&) = delete;

  void record(LedgerEntry entry);
  // Readable when there is news.
  [[nodiscard]] int fd() const { return news_fd_.get(); }
  [[nodiscard]] std::vector<LedgerNews> take_news();
  [[nodiscard]] LedgerWriterCounters counters() const;
  // Waits until everything was tried once; the thread ends.
  LedgerWriterCounters finish();

 private:
  void run();
  // One batch; the lock is held on entry and on return.
  bool write_batch(std::unique_lock<std::mutex>& lock);
  void tell(LedgerNews news);

  OpenLedger open_;
  Duration retry_after_;
  Fd news_fd_;
  mutable std::mutex mutex_;  // of all below
  std::condition_variable changed_;
  LedgerSpool spool_;
  LedgerWriterCounters counters_;
  std::vector<LedgerNews> news_;
  bool in_trouble_ = false;
  std::uint64_t written_after_trouble_ = 0;
  bool ending_ = false;
  std::thread thread_;
};

}  // namespace mailweir
