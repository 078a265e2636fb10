// The end of a verb that could not do its work: the sentence on standard error, and the exit status.
#pragma once

#include "base/error.h"

namespace mailweir {

[[nodiscard]] int give_up(const Error& error);

}  // namespace mailweir
