// `mailweir run` on the laboratory's gateway: the ordinary program with an ordinary policy file. What it does is known
// from the lines it prints and from the kernel's sets.
#pragma once

#include <sys/types.h>

#include <memory>
#include <string>
#include <string_view>

#include "apply/kernel.h"
#include "base/result.h"
#include "lab/figures.h"
#include "sys/fd.h"

namespace mailweir::lab {

// The policy an operator of this gateway would write.
[[nodiscard]] std::string gateway_policy();

// What one line of `run --json` adds to `view`. Lines of other kinds are passed over. `ready` becomes true with the
// line that says so.
void read_guard_line(std::string_view line, GuardView& view, bool& ready);

class GuardProcess {
 public:
  // Starts `program` and returns when it says that it watches. REQUIRES: run_enclosed() (files go to /run), one thread.
  static Result<GuardProcess> start(const std::string& program);
  GuardProcess(GuardProcess&& other) noexcept;
  GuardProcess& operator=(GuardProcess&&) = delete;
  ~GuardProcess();

  // Readable when there is something for listen(), or when the guard ended.
  [[nodiscard]] int fd() const { return output_.get(); }
  // Takes what was printed. False: the guard ended.
  bool listen();
  // Looks into the kernel's sets.
  [[nodiscard]] Result<void> look();
  [[nodiscard]] const GuardView& view() const { return view_; }
  // Why it ended, in its own words.
  [[nodiscard]] Error ended() const;
  // SIGTERM, its last lines, its end.
  [[nodiscard]] Result<void> stop();

 private:
  GuardProcess() = default;

  pid_t pid_ = 0;
  Fd output_;
  std::string pending_;  // an incomplete line
  bool ready_ = false;
  GuardView view_;
  std::unique_ptr<Kernel> kernel_;
};

}  // namespace mailweir::lab
