// Completion scripts for shells, made from the command tree.
#pragma once

#include <string>

#include "cli/command_tree.h"

namespace mailweir {

[[nodiscard]] std::string bash_completion(const CommandTree& tree);
[[nodiscard]] std::string zsh_completion(const CommandTree& tree);
[[nodiscard]] std::string fish_completion(const CommandTree& tree);

}  // namespace mailweir
