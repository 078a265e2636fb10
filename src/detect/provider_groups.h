// The large mail hosts, each of which is one destination however many addresses it answers on.
#pragma once

#include <cstdint>
#include <string_view>

#include "base/ip.h"

namespace mailweir {

// Number of the provider whose mail servers `server` belongs to; 0: none of them.
[[nodiscard]] std::uint16_t provider_of(IpAddress server);
// REQUIRES: a number that provider_of() gave, not 0.
[[nodiscard]] std::string_view provider_name(std::uint16_t provider);

}  // namespace mailweir
