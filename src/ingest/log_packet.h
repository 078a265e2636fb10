// The fields the kernel wrote of one packet, after the log prefix. Internal to log_line.
#pragma once

#include <string_view>

#include "ingest/log_line.h"
#include "record/plain_syn.h"

namespace mailweir {

// `message`: the line from where the log prefix may begin; `marks` are offsets into it.
[[nodiscard]] LineKind read_log_packet(std::string_view message, const LineMarks& marks, bool may_omit_interface,
                                       LogOrigin& origin, LogLine& out);

// The same for the packet that most lines show: IPv4, a SYN, without the options of LOG. What nearly always stands in a
// place is compared there, and false says that something else does: nothing is known then.
// `line`: with OUT=, DST=, SPT= and DPT= in that order, each once, and with a mail port; `after`: where the words after
// OUT= begin.
[[nodiscard]] bool read_plain_packet(std::string_view line, std::size_t after, const LineMarks& marks,
                                     PlainSyn& packet);

}  // namespace mailweir
