// Random bytes from the kernel.
#pragma once

#include <cstdint>
#include <span>

namespace mailweir {
void fill_random(std::span<std::uint8_t> bytes);
}
