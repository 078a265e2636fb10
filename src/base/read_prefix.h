// An address or network as a person wrote it, or which of the usual mistakes it is.
#pragma once

#include <string>
#include <string_view>
#include <tl/expected.hpp>

#include "base/ip.h"

namespace mailweir {

struct PrefixMistake {
  enum class Kind { NotAPrefix, BadLength, HostBits };
  Kind kind;
  std::string text;  // one sentence, what was written is escaped
  std::string hint;  // what to write instead
};

[[nodiscard]] tl::expected<IpPrefix, PrefixMistake> read_prefix(std::string_view text);

}  // namespace mailweir
