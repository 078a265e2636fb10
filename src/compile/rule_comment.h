// What stands beside a rule in the kernel.
#pragma once

#include <string>

#include "compile/rule.h"

namespace mailweir {

// "host.transfer mailweir.toml:4"; the id alone when no line asked for it. Of the file only the last part of its path,
// and only characters that neither nft nor iptables-restore takes for its own.
[[nodiscard]] std::string comment_of(const Rule& rule);

}  // namespace mailweir
