// The command line: what was typed becomes a call, a help or one sentence about the mistake.
//
// The verbs are in verbs.cc; it and commands.cc are the only files that know the command-line library.
#pragma once

#include "cli/command_tree.h"

namespace mailweir {

// Parses the command line, runs the verb and returns its exit status (docs/man/mailweir.1.scd, "EXIT STATUS").
int run_command(int argc, char** argv);

// The same table as data.
[[nodiscard]] CommandTree command_tree();

}  // namespace mailweir
