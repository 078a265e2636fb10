// The table of verbs: their names, options and examples, and what each of them calls.
//
// Includes CLI11: only commands.cc and verbs.cc do.
#pragma once

#include <CLI/App.hpp>
#include <functional>

#include "cli/common.h"

namespace mailweir {

struct Commands {
  CLI::App app{
      "Keeps spam from leaving this machine: finds the spamming client, cuts it off on mail ports only, and says why."};
  CommonOptions common;
  std::function<int()> chosen;  // set by the verb that was named
};

// Everything there is; `mailweir --help` lists it in this order.
void add_verbs(Commands& commands);

}  // namespace mailweir
