// `mailweir clients`: what a running guard knows of its clients right now, and what it judges them by.
//
// In:  the guard's answer (daemon/live_state.h), or one that was kept in a file.   Out: text, or that answer itself.
#pragma once

#include <string>

#include "base/result.h"
#include "cli/common.h"
#include "cli/screen.h"

namespace mailweir {

struct ClientsOptions {
  std::string client{};  // empty: all
  bool model = false;
  bool all = false;    // also those nobody has a doubt about
  std::string file{};  // an answer kept earlier; "-": standard input
};

// 0; 1 when `client` is not known; otherwise the exit status of the error. NotRunning without a guard.
int clients(const ClientsOptions& options, const CommonOptions& common);

// `answer`: of anybody's making.
[[nodiscard]] Result<std::string> clients_text(const std::string& answer, const ClientsOptions& options,
                                               const Screen& screen);

}  // namespace mailweir
