// What every verb gets besides its own options.
#pragma once

#include <string>

namespace mailweir {

struct CommonOptions {
  std::string config = "/etc/mailweir/mailweir.toml";
  std::string state_dir = "/var/lib/mailweir";
  std::string runtime_dir = "/run/mailweir";
  bool json = false;
  bool quiet = false;
  std::string color = "auto";  // auto | always | never
};

}  // namespace mailweir
