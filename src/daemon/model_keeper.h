// Keeps what a guard learned: reads it at the start, writes it now and then, and at the end.
//
// In:  what the detector remembers.   Out: the file of daemon/model_file.h; what went wrong, once until it works again.
// Invariants
//   (1) The loop never waits for a disk: a thread of its own writes, one text at a time. Only finish() waits.
//   (2) The file is the one before or the one after, whenever the program is killed.
//   (3) A file that cannot be read is put aside, not overwritten; one such is kept.
// Threads: one at a time, beside its own.
#pragma once

#include <functional>
#include <future>
#include <optional>
#include <string>
#include <utility>

#include "base/result.h"
#include "base/time.h"
#include "detect/learned_model.h"

namespace mailweir {

class ModelKeeper {
 public:
  ModelKeeper(const std::string& state_dir, Duration every);

  // NotFound: nothing was learned before.
  [[nodiscard]] Result<LearnedModel> read(Time now);
  // Writes what `remember` answers, unless a text is still being written. REQUIRES: next_due() <= now.
  void keep(Time now, const std::function<LearnedModel()>& remember);
  void finish(Time now, const LearnedModel& model);

  [[nodiscard]] Time next_due() const { return next_; }
  // When what is in the file was written, or read at the start.
  [[nodiscard]] std::optional<Time> written() const { return written_; }
  [[nodiscard]] std::optional<std::string> take_trouble() { return std::exchange(trouble_, std::nullopt); }

 private:
  void look_after(bool wait);
  void note(const Result<void>& result, Time at);

  std::string state_dir_;
  Duration every_;
  Time next_{};
  std::optional<Time> written_;
  std::future<Result<void>> writing_;
  Time writing_since_{};
  bool works_ = true;
  std::optional<std::string> trouble_;
};

}  // namespace mailweir
