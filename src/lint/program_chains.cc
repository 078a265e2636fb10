#include "lint/program_chains.h"

#include <algorithm>
#include <array>

namespace mailweir::rules {

bool is_programs(std::string_view chain_or_table) {
  static constexpr std::array<std::string_view, 11> kBeginnings{
      "mailweir", "DOCKER", "f2b-", "fail2ban", "KUBE-", "LIBVIRT", "libvirt", "cali-", "ufw-", "ufw6-", "firewalld"};
  return std::ranges::any_of(kBeginnings, [=](std::string_view begin) { return chain_or_table.starts_with(begin); });
}

}  // namespace mailweir::rules
