#include "cli/screen.h"

#include <algorithm>
#include <cstdlib>
#include <string_view>

#include "sys/terminal.h"

namespace mailweir {
namespace {

// Narrower, a table of addresses and times cannot be read at all.
constexpr int kWidthMin = 40;

bool is_set(const char* variable) { return variable != nullptr && *variable != '\0'; }

}  // namespace

bool wants_colours(const ColourFacts& facts) {
  if (facts.option != "auto") return facts.option == "always";
  if (is_set(facts.no_color)) return false;
  if (is_set(facts.clicolor_force) && std::string_view(facts.clicolor_force) != "0") return true;
  return facts.terminal && is_set(facts.term) && std::string_view(facts.term) != "dumb";
}

Screen screen_of(std::FILE* stream, const CommonOptions& common) {
  Screen screen;
  screen.terminal = is_terminal(stream);
  screen.width = std::max(terminal_columns(stream).value_or(screen.width), kWidthMin);
  screen.colours = wants_colours(
      {common.color, std::getenv("NO_COLOR"), std::getenv("CLICOLOR_FORCE"), std::getenv("TERM"), screen.terminal});
  screen.paint = Painter(screen.colours);
  return screen;
}

}  // namespace mailweir
