// `mailweir install` and `uninstall`: the boot loads the confirmed table and starts the guard.
#pragma once

#include <string>
#include <string_view>

#include "cli/common.h"

namespace mailweir {

struct InstallOptions {
  bool dry_run = false;
  std::string root;  // empty: this machine
};

int install(const InstallOptions& options, const CommonOptions& common);
int uninstall(const InstallOptions& options, const CommonOptions& common);

// Does something on this machine call `restore --boot`? What install wrote, or a package.
[[nodiscard]] bool boot_is_arranged();
// The sentence about that, for people who have just confirmed a change.
[[nodiscard]] std::string_view after_a_reboot();

}  // namespace mailweir
