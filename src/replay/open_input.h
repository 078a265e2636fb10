// A path -> what is in it, told by its first bytes.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "base/result.h"
#include "replay/input.h"

namespace mailweir {

struct OpenedInput {
  std::unique_ptr<Input> input;
  std::uint64_t bytes_total = 0;  // 0: a stream
};

// `now`: what a stream without a date of its own was written at. `piece_bytes`: see text_source.h.
[[nodiscard]] Result<OpenedInput> open_input(const std::string& path, Time now, std::size_t piece_bytes);

}  // namespace mailweir
