// The help of the program and of a verb, made from the command tree: short, one line per option.
#pragma once

#include <string>

#include "cli/command_tree.h"

namespace mailweir {

[[nodiscard]] std::string program_help(const CommandTree& tree);
[[nodiscard]] std::string verb_help(const VerbFacts& verb);
// Of verbs with a first word in common, as "dns"; empty when there are none.
[[nodiscard]] std::string group_help(const CommandTree& tree, const std::string& group);

}  // namespace mailweir
