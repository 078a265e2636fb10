// fail2ban itself as a judge: every new connection becomes the line that the kernel's LOG rule writes, and goes through
// fail2ban's own filter and failure manager (bench/peers/fail2ban_bans) with the log's clock instead of the machine's.
#pragma once

#include <memory>
#include <string>

#include "tests/world/judge.h"

namespace mailweir::bench {

struct Jail {
  unsigned max_retry = 5;      // jail.conf as Debian ships it
  unsigned find_time_s = 600;  // likewise
  std::string ports = "25";    // of the failregex, as an alternation
};
[[nodiscard]] bool has_fail2ban();
// REQUIRES: has_fail2ban().
[[nodiscard]] std::unique_ptr<world::Judge> fail2ban_judge(const Jail& jail);

}  // namespace mailweir::bench
