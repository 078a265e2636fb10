// The outcome of a demonstration: a verdict in one sentence, the numbers, and what to do next; or JSON.
#pragma once

#include <string>

#include "lab/figures.h"
#include "report/painter.h"

namespace mailweir::lab {

struct Closing {
  Figures figures;
  double seconds = 0;  // from the command to its end
  std::uint64_t seed = 0;
};

// Field names: docs/json.md, `demo`. Durations without a single block are null.
[[nodiscard]] std::string closing_json(const Closing& closing);
[[nodiscard]] std::string closing_text(const Closing& closing, const Painter& paint);
// "All 12 bots were cut off ...", or what went wrong.
[[nodiscard]] std::string verdict_sentence(const Figures& figures);

}  // namespace mailweir::lab
