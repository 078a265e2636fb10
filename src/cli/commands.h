// The command table: every verb, its options and its help. The only file that knows the command-line library.
#pragma once

#include "cli/command_tree.h"

namespace mailweir {

// Parses the command line, runs the verb and returns its exit status (docs/man/mailweir.1.scd, "EXIT STATUS").
int run_command(int argc, char** argv);

// The same table as data.
[[nodiscard]] CommandTree command_tree();

}  // namespace mailweir
