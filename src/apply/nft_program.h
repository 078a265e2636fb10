// The nft program: statements in, listings out, its errors in an operator's words.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace mailweir {

// `nft ARGUMENTS -f TEXT`, all or nothing. NotFound: something the text names is not there.
[[nodiscard]] Result<void> run_nft(std::vector<std::string> arguments, std::string_view text);
// `nft ARGUMENTS`: what it prints. NotFound: what was asked for is not there.
[[nodiscard]] Result<std::string> ask_nft(std::vector<std::string> arguments);

}  // namespace mailweir
