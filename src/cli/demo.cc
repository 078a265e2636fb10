#include "cli/demo.h"

#include <cstdio>

#include "cli/screen.h"
#include "lab/demo.h"

namespace mailweir {
int demo(const DemoCommandOptions& options, const CommonOptions& common) {
  lab::DemoOptions wish;
  wish.clients = options.clients;
  wish.seconds = options.seconds;
  wish.seed = options.seed;
  wish.json = common.json;
  wish.quiet = common.quiet;
  const Screen out = screen_of(stdout, common), talk = screen_of(stderr, common);
  wish.color = out.colours;
  wish.live = talk.terminal;
  wish.live_color = talk.colours;
  const auto status = lab::run_demo(wish);
  if (status && *status > 128 && !common.quiet) {
    std::fputs("mailweir: interrupted; the laboratory and everything in it is gone\n", stderr);
  }
  if (status) return *status;
  std::fprintf(stderr, "mailweir: %s\n", status.error().text().c_str());
  return exit_status(status.error().code());
}

}  // namespace mailweir
