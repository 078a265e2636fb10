// Files that verbs write for a person.
#pragma once

#include <sys/types.h>

#include <string>

#include "base/result.h"

namespace mailweir {

// Whole or not at all: written beside it, then renamed.
[[nodiscard]] Result<void> write_file(const std::string& path, const std::string& text, mode_t mode);

}  // namespace mailweir
