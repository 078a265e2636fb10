// A case as a row of the ledger: plain columns, and back with everything checked.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "record/case_record.h"

namespace mailweir {

struct CaseRow {
  std::string id, client, action;
  std::int64_t since = 0, until = 0;  // microseconds since 1970
  std::string by;
  std::int64_t by_hand = 0;
  std::string reason, ports;
  std::int64_t connections = 0;
  std::string policy_file;
  std::int64_t policy_line = 0, repeat = 0;
  std::optional<std::int64_t> ended;
  std::optional<std::string> ended_by;
  std::int64_t replaced = 0;
  std::optional<std::int64_t> packets_stopped;
};

// Texts are cut to `text_bytes_max`.
[[nodiscard]] CaseRow row_of(const CaseRecord& record, std::size_t text_bytes_max);
// BadInput when a column holds what no case has; evidence is left empty.
[[nodiscard]] Result<CaseRecord> case_of(const CaseRow& row);

[[nodiscard]] std::int64_t microseconds_of(Time time);

}  // namespace mailweir
