// The ledger in a SQLite file, readable with `sqlite3 ledger.db`.
//
// In:  a file of any content.   Out: cases, or an error that says what is wrong; never a crash, never an endless query.
// Mode 0640, WAL, STRICT tables. The schema has a version; older files are migrated when they are opened for writing,
// files of a newer mailweir and of other programs are refused. Source of the defences: sqlite.org/security.html.
#pragma once

#include <memory>
#include <string>

#include "ledger/ledger_store.h"

namespace mailweir {

inline constexpr int kLedgerVersion = 1;

enum class LedgerAccess : std::uint8_t { Read, Write };

// Write makes what is missing, the folder too. Read changes nothing and answers NotFound when there is no ledger.
[[nodiscard]] Result<std::unique_ptr<LedgerStore>> open_ledger(const std::string& file, LedgerAccess access,
                                                               LedgerLimits limits = {});

// Where the ledger lies in a state folder.
[[nodiscard]] inline std::string ledger_file(const std::string& state_dir) { return state_dir + "/ledger.db"; }

}  // namespace mailweir
