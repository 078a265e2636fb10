#include "cli/run.h"

#include <fmt/format.h>

#include <cstdio>

#include "cli/policy_file.h"
#include "daemon/run_gateway.h"

namespace mailweir {

int run(const RunOptions& options, const CommonOptions& common) {
  auto policy = load_policy(common.config, stderr);
  if (!policy) {
    fmt::print(stderr, "mailweir: {}\n", policy.error().text());
    return exit_status(policy.error().code());
  }
  const RunSettings settings{std::move(*policy), options.watch_only ? Mode::WatchOnly : Mode::Enforce,
                             common.runtime_dir, common.state_dir};
  // A line is worth reading when it is written: whoever waits for it reads from a pipe.
  const OnLine on_line = [&](const EventLine& line) {
    std::fputs((common.json ? line.json() : line.text()).c_str(), stdout);
    std::fflush(stdout);
  };
  const auto ended = run_gateway(settings, on_line);
  if (ended) return 0;
  fmt::print(stderr, "mailweir: {}\n", ended.error().text());
  return exit_status(ended.error().code());
}

}  // namespace mailweir
