// Files that are either as they were or as they should be, whatever happens while they are written.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace mailweir {

// NotFound when there is none. At most 256 MiB (Limit).
[[nodiscard]] Result<std::string> read_state_file(const std::string& path);
// Written beside it, flushed to the disk, then renamed over it; readable by the owner only. On failure the old file is
// untouched and nothing is left beside it.
[[nodiscard]] Result<void> write_state_file(const std::string& path, std::string_view text);
// Whole or not there for whoever reads it, without waiting for a disk: for what need not survive a restart. Readable by
// everybody.
[[nodiscard]] Result<void> write_runtime_file(const std::string& path, std::string_view text);
// Both in one directory; on the disk when it returns.
[[nodiscard]] Result<void> rename_state_file(const std::string& from, const std::string& to);
// Missing is as good as removed.
[[nodiscard]] Result<void> remove_state_file(const std::string& path);
// With all its parents; only the owner may look inside.
[[nodiscard]] Result<void> make_state_directory(const std::string& path);
// The names in a directory, sorted; none when it is missing.
[[nodiscard]] std::vector<std::string> list_state_directory(const std::string& path);

}  // namespace mailweir
