#include "ledger/ledger_writer.h"

#include <sys/eventfd.h>
#include <unistd.h>

#include <utility>

namespace mailweir {

LedgerWriter::LedgerWriter(OpenLedger open, Duration retry_after)
    : open_(std::move(open)),
      retry_after_(retry_after),
      news_fd_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)),
      thread_([this] { run(); }) {}

LedgerWriter::~LedgerWriter() { finish(); }

void LedgerWriter::record(LedgerEntry entry) {
  {
    const std::lock_guard lock(mutex_);
    spool_.add(std::move(entry));
  }
  changed_.notify_one();
}

std::vector<LedgerNews> LedgerWriter::take_news() {
  std::uint64_t ignored = 0;
  while (read(news_fd_.get(), &ignored, sizeof ignored) > 0) {
  }
  const std::lock_guard lock(mutex_);
  return std::exchange(news_, {});
}

LedgerWriterCounters LedgerWriter::counters() const {
  const std::lock_guard lock(mutex_);
  LedgerWriterCounters counters = counters_;
  counters.waiting = spool_.waiting();
  counters.given_up = spool_.given_up();
  return counters;
}

LedgerWriterCounters LedgerWriter::finish() {
  {
    const std::lock_guard lock(mutex_);
    ending_ = true;
  }
  changed_.notify_one();
  if (thread_.joinable()) thread_.join();
  return counters();
}

void LedgerWriter::tell(LedgerNews news) {
  news_.push_back(std::move(news));
  const std::uint64_t one = 1;
  // A counter that is full still reads as news.
  if (write(news_fd_.get(), &one, sizeof one) < 0) return;
}

bool LedgerWriter::write_batch(std::unique_lock<std::mutex>& lock) {
  const std::vector<LedgerEntry> batch = spool_.batch();
  lock.unlock();
  Result<void> written;
  if (auto ledger = open_(); !ledger) {
    written = fail(std::move(ledger).error());
  } else {
    written = (*ledger)->write(batch);
  }
  lock.lock();
  if (!written) {
    ++counters_.failed;
    if (!std::exchange(in_trouble_, true)) tell({false, written.error().text(), 0});
    return false;
  }
  spool_.taken(batch.size());
  counters_.written += batch.size();
  if (in_trouble_) written_after_trouble_ += batch.size();
  if (in_trouble_ && spool_.waiting() == 0) {
    in_trouble_ = false;
    tell({true, "", std::exchange(written_after_trouble_, 0)});
  }
  return true;
}

void LedgerWriter::run() {
  std::unique_lock lock(mutex_);
  for (;;) {
    changed_.wait(lock, [&] { return ending_ || spool_.waiting() > 0; });
    if (spool_.waiting() == 0) return;  // ending
    const bool last = ending_;
    if (write_batch(lock)) continue;
    if (last) return;
    changed_.wait_for(lock, retry_after_, [&] { return ending_; });
  }
}

}  // namespace mailweir
