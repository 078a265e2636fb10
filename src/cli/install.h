// `mailweir install` and `uninstall`: the boot loads the confirmed table and starts the guard.
#pragma once

#include <string>

#include "cli/common.h"

namespace mailweir {

struct InstallOptions {
  bool dry_run = false;
  std::string root;  // empty: this machine
};

int install(const InstallOptions& options, const CommonOptions& common);
int uninstall(const InstallOptions& options, const CommonOptions& common);

}  // namespace mailweir
