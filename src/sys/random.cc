#include "sys/random.h"

#include <sodium/randombytes.h>

namespace mailweir {
void fill_random(std::span<std::uint8_t> bytes) { randombytes_buf(bytes.data(), bytes.size()); }
}  // namespace mailweir
