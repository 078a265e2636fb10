// A whole recording as a person reads it: the verdict first, then who and why, then what was read and what was not.
//
// Invariant: what came from files is escaped; no line is wider than `width` unless one cell of a table is.
#pragma once

#include <string>

#include "replay/replay.h"
#include "report/painter.h"

namespace mailweir {

struct AnalysisStyle {
  bool everyone = false;  // list the ordinary clients too
  bool quiet = false;     // no remarks, no advice
  int width = 80;
  Painter paint{false};
};

[[nodiscard]] std::string analysis_text(const ReplayResult& result, const AnalysisStyle& style);

}  // namespace mailweir
