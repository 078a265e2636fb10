#include "sys/terminal.h"

#include <sys/ioctl.h>
#include <unistd.h>

namespace mailweir {

bool is_terminal(std::FILE* stream) { return isatty(fileno(stream)) == 1; }

std::optional<int> terminal_columns(std::FILE* stream) {
  winsize size{};
  if (ioctl(fileno(stream), TIOCGWINSZ, &size) != 0 || size.ws_col == 0) return std::nullopt;
  return size.ws_col;
}

}  // namespace mailweir
