// Files that other programs of the machine read: boot, logs. The same for every policy.
#pragma once

#include <string>

namespace mailweir {

struct Installation {
  std::string program = "/usr/bin/mailweir";
  std::string state_dir = "/var/lib/mailweir";
  std::string config = "/etc/mailweir/mailweir.toml";
};

// Lines of rules that log to the kernel's log, into a file of their own and nowhere else. For rsyslog 8.
[[nodiscard]] std::string rsyslog_file();
// That file: seven days, compressed.
[[nodiscard]] std::string logrotate_file();
// What loads the last confirmed table before the network is up.
[[nodiscard]] std::string systemd_unit(const Installation& installation);
// `mailweir run` in a sandbox: CAP_NET_ADMIN, and of the disk the state directory alone.
[[nodiscard]] std::string guard_unit(const Installation& installation);
[[nodiscard]] std::string ifupdown_hook(const Installation& installation);
[[nodiscard]] std::string sysvinit_script(const Installation& installation);

}  // namespace mailweir
