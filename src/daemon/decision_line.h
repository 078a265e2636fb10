// A Decision as the line that `run` prints about it.
#pragma once

#include <optional>
#include <string>

#include "base/time.h"
#include "daemon/event_line.h"
#include "record/decision.h"

namespace mailweir {

// `acknowledged`: when the kernel had the block; with the time of the deciding event it gives packet_to_block_us.
[[nodiscard]] EventLine decision_line(const Decision& decision, const std::string& policy_file, Time now,
                                      std::optional<Time> acknowledged);

}  // namespace mailweir
