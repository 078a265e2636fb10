#include "report/painter.h"

namespace mailweir {
namespace {

// ECMA-48 section 8.3.117 (SGR); only the eight colours every terminal has.
std::string_view sequence(Style style) {
  switch (style) {
    case Style::Plain:
      return "";
    case Style::Strong:
      return "\x1b[1m";
    case Style::Bad:
      return "\x1b[1;31m";
    case Style::Good:
      return "\x1b[32m";
    case Style::Doubtful:
      return "\x1b[33m";
    case Style::Faint:
      return "\x1b[2m";
  }
  return "";
}

}  // namespace

std::string Painter::operator()(Style style, std::string_view text) const {
  if (!colours_ || style == Style::Plain || text.empty()) return std::string(text);
  return std::string(sequence(style)).append(text).append("\x1b[0m");
}

}  // namespace mailweir
