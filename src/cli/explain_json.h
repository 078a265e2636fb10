// The answer of `mailweir explain` as JSON (docs/json.md).
#pragma once

#include "explain/explain.h"

namespace mailweir {

void print_explained_json(const rules::LinesExplained& answer, const rules::PastedText& lines);

}  // namespace mailweir
