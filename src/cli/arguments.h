// Times and networks as they are typed after an option. Errors are of code Usage and name the option.
#pragma once

#include <string>
#include <vector>

#include "base/ip.h"
#include "base/result.h"
#include "base/time.h"

namespace mailweir {

// RFC 3339, a date, or a duration meaning so long before `now`: "2026-11-22T19:43:00Z", "2026-11-22", "2h".
[[nodiscard]] Result<Time> time_argument(const std::string& option, const std::string& text, Time now);
[[nodiscard]] Result<std::vector<IpPrefix>> prefix_arguments(const std::string& option,
                                                             const std::vector<std::string>& texts);

}  // namespace mailweir
