#include "base/must.h"

#include <cstdio>
#include <cstdlib>

namespace mailweir {

void broken_promise(const char* condition, const char* file, int line) {
  std::fprintf(stderr, "mailweir: internal error at %s:%d: %s does not hold; please report this\n", file, line,
               condition);
  std::abort();
}

}  // namespace mailweir
