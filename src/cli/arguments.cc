#include "cli/arguments.h"

#include <fmt/format.h>

#include "base/escape.h"
#include "base/read_prefix.h"

namespace mailweir {

Result<Time> time_argument(const std::string& option, const std::string& text, Time now) {
  if (const auto time = parse_time(text)) return *time;
  if (const auto ago = parse_duration(text)) return now - *ago;
  return fail(ErrorCode::Usage,
              fmt::format("{}: '{}' is not a time; examples: 2026-11-22T19:43:00Z, 2026-11-22, 2h (ago)", option,
                          escape(text, 64)));
}

Result<std::vector<IpPrefix>> prefix_arguments(const std::string& option, const std::vector<std::string>& texts) {
  std::vector<IpPrefix> prefixes;
  for (const std::string& text : texts) {
    const auto prefix = read_prefix(text);
    if (!prefix)
      return fail(ErrorCode::Usage, fmt::format("{}: {}; {}", option, prefix.error().text, prefix.error().hint));
    prefixes.push_back(*prefix);
  }
  return prefixes;
}

}  // namespace mailweir
