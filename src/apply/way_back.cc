#include "apply/way_back.h"

#include <signal.h>

#include <algorithm>

#include "apply/linux_kernel.h"
#include "sys/detached.h"
#include "sys/file_lock.h"
#include "sys/vigil.h"

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
    auto vigil = Vigil::begin();
    if (!vigil) return fail(std::move(vigil).error());
    vigil_ = std::move(*vigil);
    // One that is not needed any more was woken and is about to end.
    auto lock = FileLock::wait(store_.way_back_lock());
    if (!lock) return fail(std::move(lock).error());
    lock_ = std::move(*lock);
    return {};
  }

  void wait() {
    while (is_needed()) {
      const Duration left = deadline_ - clock_.now();
      if (left <= Duration{0} || !vigil_->wait(left)) break;
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
      if (i > 0) (void)vigil_->wait(kAgainAfter);
      auto kernel = open_linux_kernel();
      if (kernel && Changes(**kernel, store_, clock_).revert_due(number_, std::string(Changes::kTooLate))) return;
    }
  }

  GenerationStore store_;
  int number_;
  Time deadline_;
  SystemClock clock_;
  std::optional<Vigil> vigil_;
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
