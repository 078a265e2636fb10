// What the output may look like: decided once per stream from --color, the environment and the terminal.
#pragma once

#include <cstdio>
#include <string>

#include "cli/common.h"
#include "report/painter.h"

namespace mailweir {

struct Screen {
  bool terminal = false;
  int width = 80;  // of a pipe or file too: mails and tickets wrap there
  bool colours = false;
  Painter paint{false};
};

[[nodiscard]] Screen screen_of(std::FILE* stream, const CommonOptions& common);

// The rule by itself. An explicit --color decides; then NO_COLOR (no-color.org) forbids, CLICOLOR_FORCE
// (bixense.com/clicolors) asks for, a terminal other than TERM=dumb invites colours. Variables that are not set are
// null.
struct ColourFacts {
  std::string option = "auto";
  const char* no_color = nullptr;
  const char* clicolor_force = nullptr;
  const char* term = nullptr;
  bool terminal = false;
};
[[nodiscard]] bool wants_colours(const ColourFacts& facts);

}  // namespace mailweir
