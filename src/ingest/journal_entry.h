// One line of `journalctl -o json`.
//
// Sources: systemd.journal-fields(7): _TRANSPORT is written by journald and cannot be forged by the sender;
// journalctl(1).
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "ingest/log_time.h"

namespace mailweir {

struct JournalEntry {
  LogTime time;
  bool from_kernel = false;
  std::string_view message;  // inside `scratch`
};

// nullopt: no JSON object, or one without a time and a message.
[[nodiscard]] std::optional<JournalEntry> read_journal_entry(std::string_view line, std::string& scratch);

}  // namespace mailweir
