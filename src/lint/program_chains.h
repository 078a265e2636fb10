// Chains and tables that programs make and fill while they run, or on every boot: not a person's, so nobody is told
// that they are empty, unused, or not in the file the boot loads.
#pragma once

#include <string_view>

namespace mailweir::rules {

// mailweir, Docker, fail2ban, Kubernetes, libvirt, Calico, ufw, firewalld, by how their chains begin.
[[nodiscard]] bool is_programs(std::string_view chain_or_table);

}  // namespace mailweir::rules
