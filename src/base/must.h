// MUST(condition): a promise between programmers, checked in release too; ends the program with the place and the
// condition.
#pragma once

namespace mailweir {
[[noreturn]] void broken_promise(const char* condition, const char* file, int line);
}

#define MUST(condition) \
  (static_cast<bool>(condition) ? void(0) : ::mailweir::broken_promise(#condition, __FILE__, __LINE__))
