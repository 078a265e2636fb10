// Rules as text for nft 1.0.2 and later.
#pragma once

#include <string>
#include <string_view>

#include "compile/compile.h"
#include "compile/rule.h"

namespace mailweir {

// "mw_host"
[[nodiscard]] std::string_view nft_name_of(Chain chain);

// Brings the table there, whatever an earlier policy left in it; blocks stay. `marker`: the comment of kMarkerChain's
// rule.
[[nodiscard]] std::string nft_text(const Rules& rules, const CompileSettings& settings, std::string_view marker);

// Packets a second that a rule logs, and how many at once after a quiet time; what it counts before has no limit.
[[nodiscard]] std::string_view log_limit(bool to_kernel_log);

// The same table alone, for a file that a person keeps: the table is replaced with everything in it.
[[nodiscard]] std::string nft_file(const Rules& rules, const CompileSettings& settings, std::string_view marker);

}  // namespace mailweir
