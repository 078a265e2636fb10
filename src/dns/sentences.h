// Findings as sentences: what is wrong, and what to do about it. Names are escaped already (dns/message.h).
#pragma once

#include <string>

#include "dns/findings.h"

namespace mailweir {

// "has no PTR record: nobody can tell whose it is". Begins in small letters; no full stop.
[[nodiscard]] std::string text_of(const Problem& problem);
// What the operator can do; empty for notes.
[[nodiscard]] std::string fix_of(const Problem& problem);

}  // namespace mailweir
