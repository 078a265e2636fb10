#include "cli/give_up.h"

#include <fmt/format.h>

#include <cstdio>

namespace mailweir {

int give_up(const Error& error) {
  fmt::print(stderr, "mailweir: {}\n", error.text());
  return exit_status(error.code());
}

}  // namespace mailweir
