// The fields the kernel wrote of one packet, after the log prefix. Internal to log_line.
#pragma once

#include <string_view>

#include "ingest/log_line.h"

namespace mailweir {

// `message`: the line from where the log prefix may begin; `marks` are offsets into it.
[[nodiscard]] LineKind read_log_packet(std::string_view message, const LineMarks& marks, bool may_omit_interface,
                                       LogOrigin& origin, LogLine& out);

}  // namespace mailweir
