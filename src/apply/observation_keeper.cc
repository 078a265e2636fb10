#include <signal.h>

#include <algorithm>

#include "apply/observations.h"
#include "sys/detached.h"
#include "sys/file_lock.h"
#include "sys/state_file.h"
#include "sys/vigil.h"

namespace mailweir {
namespace {

// When nft cannot be asked. The logging has ended by then; only an idle table waits.
constexpr Duration kAgainAfter = std::chrono::minutes(1);
constexpr int kTriesMax = 60;
// The kernel is asked in whole seconds.
constexpr Duration kAfterEnd = std::chrono::seconds(1);

std::string lock_file(const std::string& runtime_dir) { return runtime_dir + "/observe.lock"; }

class Keeper {
 public:
  explicit Keeper(std::string lock_file) : lock_file_(std::move(lock_file)) {}

  Result<void> stand() {
    auto vigil = Vigil::begin();
    if (!vigil) return fail(std::move(vigil).error());
    vigil_ = std::move(*vigil);
    if (const auto before = lock_holder(lock_file_); before && *before > 1) kill(*before, SIGTERM);
    auto lock = FileLock::try_take(lock_file_);
    if (!lock) return fail(std::move(lock).error());
    lock_ = std::move(*lock);
    return {};
  }

  void keep() {
    // Whoever started us does not wait for the one before to end.
    if (!lock_) {
      auto lock = FileLock::wait(lock_file_);
      if (!lock) return;
      lock_ = std::move(*lock);
    }
    for (int failures = 0; failures < kTriesMax;) {
      const auto patience = look();
      failures = patience ? 0 : failures + 1;
      if (patience && !*patience) return;
      if (!vigil_->wait(patience ? **patience : kAgainAfter)) return;
    }
  }

 private:
  // How long until something ends; nothing: nobody is left.
  static Result<std::optional<Duration>> look() {
    if (auto tidied = tidy_observations(); !tidied) return fail(std::move(tidied).error());
    const auto there = list_observations();
    if (!there) return fail(there.error());
    if (there->empty()) return std::nullopt;
    const auto next =
        std::min_element(there->begin(), there->end(), [](const auto& a, const auto& b) { return a.left < b.left; });
    return next->left + kAfterEnd;
  }

  std::string lock_file_;
  std::optional<Vigil> vigil_;
  std::optional<FileLock> lock_;
};

}  // namespace

Result<void> keep_observations(const std::string& runtime_dir) {
  if (auto made = make_state_directory(runtime_dir); !made) return made;
  Keeper keeper(lock_file(runtime_dir));
  return start_detached([&] { return keeper.stand(); }, [&] { keeper.keep(); });
}

void wake_observation_keeper(const std::string& runtime_dir) {
  const auto holder = lock_holder(lock_file(runtime_dir));
  if (holder && *holder > 1) kill(*holder, SIGUSR1);
}

}  // namespace mailweir
