// A zone file of anybody, read into plain records by ldns: $ORIGIN, $TTL, brackets, comments and left-out owners are
// gone.
//
// In:  the text (RFC 1035 section 5).   Out: records in the order of the file, every name absolute and in lower case.
// $INCLUDE and $GENERATE are refused, with their line: what they stand for is not in this file.
// Threads: any.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace mailweir {

struct ZoneFileRecord {
  std::string owner;  // without the last dot
  std::uint32_t ttl_s = 0;
  std::uint16_t type_number = 0;
  std::string type;               // "PTR"
  std::vector<std::string> data;  // its parts, as a zone file writes them; names with their last dot
};

// `origin`: of the names before the first $ORIGIN, without the last dot.
[[nodiscard]] Result<std::vector<ZoneFileRecord>> read_zone_file(std::string_view text, const std::string& origin);

}  // namespace mailweir
