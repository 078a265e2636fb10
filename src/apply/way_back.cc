#include "apply/way_back.h"

#include <signal.h>

#include <algorithm>

#include "apply/linux_kernel.h"
#include "sys/detached.h"
#include "sys/file_lock.h"
#include "sys/poller.h"
#include "sys/signals.h"

namespace mailweir {
namespace {

// When the kernel refuses, or nft is missing: again and again, for a day.
constexpr Duration kAgainAfter = std::chrono::seconds(1);
constexpr int kTriesMax = 86'400;

class Watch {
 public:
  Watch(const GenerationStore& store, const Generation& generation)
      : store_(store), number_(generation.number), deadline_(*generation.deadline) {}

  Result<void> stand() {
    auto signals = SignalFd::open({SIGTERM, SIGINT, SIGUSR1});
    if (!signals) return fail(std::move(signals).error());
    signals_ = std::move(*signals);
    auto poller = Poller::open();
    if (!poller) return fail(std::move(poller).error());
    poller_ = std::move(*poller);
    if (auto watched = poller_->watch(signals_->fd(), 0); !watched) return watched;
    // One that is not needed any more was woken and is about to end.
    auto lock = FileLock::wait(store_.way_back_lock());
    if (!lock) return fail(std::move(lock).error());
    lock_ = std::move(*lock);
    return {};
  }

  void wait() {
    while (is_needed()) {
      const Duration left = deadline_ - clock_.now();
      if (left <= Duration{0}) break;
      if (!poller_->wait(left)) break;
      while (const auto signal = signals_->take()) {
        if (*signal != SIGUSR1) return take_back();
      }
    }
    take_back();
  }

 private:
  [[nodiscard]] bool is_needed() const {
    const auto generation = store_.read(number_);
    return !generation || generation->is_open();
  }

  void take_back() {
    for (int i = 0; i < kTriesMax && is_needed(); ++i) {
      if (i > 0) (void)poller_->wait(kAgainAfter);
      auto kernel = open_linux_kernel();
      if (kernel && Changes(**kernel, store_, clock_).revert_due(number_, std::string(Changes::kTooLate))) return;
    }
  }

  GenerationStore store_;
  int number_;
  Time deadline_;
  SystemClock clock_;
  std::optional<SignalFd> signals_;
  std::optional<Poller> poller_;
  std::optional<FileLock> lock_;
};

}  // namespace

Result<void> arm_way_back(const GenerationStore& store, const Generation& generation) {
  Watch watch(store, generation);
  return start_detached([&] { return watch.stand(); }, [&] { watch.wait(); });
}

void wake_way_back(const GenerationStore& store) {
  const auto holder = lock_holder(store.way_back_lock());
  if (holder && *holder > 1) kill(*holder, SIGUSR1);
}

}  // namespace mailweir
