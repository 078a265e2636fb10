#include "cli/demo.h"

#include <unistd.h>

#include <cstdio>
#include <cstdlib>

#include "lab/demo.h"

namespace mailweir {
namespace {

bool coloured(const CommonOptions& common, int fd) {
  if (common.color != "auto") return common.color == "always";
  const char* no_color = std::getenv("NO_COLOR");  // https://no-color.org
  return isatty(fd) != 0 && (no_color == nullptr || *no_color == '\0');
}

}  // namespace

int demo(const DemoCommandOptions& options, const CommonOptions& common) {
  lab::DemoOptions wish;
  wish.clients = options.clients;
  wish.seconds = options.seconds;
  wish.seed = options.seed;
  wish.json = common.json;
  wish.quiet = common.quiet;
  wish.color = coloured(common, STDOUT_FILENO);
  wish.live = isatty(STDERR_FILENO) != 0;
  wish.live_color = coloured(common, STDERR_FILENO);
  const auto status = lab::run_demo(wish);
  if (status && *status > 128 && !common.quiet) {
    std::fputs("mailweir: interrupted; the laboratory and everything in it is gone\n", stderr);
  }
  if (status) return *status;
  std::fprintf(stderr, "mailweir: %s\n", status.error().text().c_str());
  return exit_status(status.error().code());
}

}  // namespace mailweir
