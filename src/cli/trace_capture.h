// `mailweir trace --pcap FILE`: what becomes of the packets of a capture, each after those before it.
#pragma once

#include "cli/trace.h"

namespace mailweir {

// As trace(): 0 all pass, 1 at least one is stopped, 3 the file cannot be read to its end.
int trace_capture(const TraceOptions& options, const CommonOptions& common);

}  // namespace mailweir
