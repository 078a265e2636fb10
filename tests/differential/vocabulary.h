// The words of the test's little world: rules and packets draw from the same few.
#pragma once

#include <array>
#include <string>

#include "lab/dice.h"

namespace mailweir::rules::differential {

// Inside (left), outside (right), our own: of either family, one list each.
inline constexpr std::array<const char*, 4> kInside4{"172.16.0.7", "172.16.0.9", "172.20.1.1", "10.1.0.2"};
inline constexpr std::array<const char*, 4> kOutside4{"203.0.113.9", "203.0.113.80", "192.0.2.25", "198.51.100.2"};
inline constexpr std::array<const char*, 2> kOurs4{"10.1.0.1", "198.51.100.1"};
inline constexpr std::array<const char*, 4> kInside6{"fd16::7", "fd16::9", "fd16:0:0:2::1", "fd01::2"};
inline constexpr std::array<const char*, 4> kOutside6{"2001:db8::9", "2001:db8::80", "2001:db8:1::25", "fd02::2"};
inline constexpr std::array<const char*, 2> kOurs6{"fd01::1", "fd02::1"};
inline constexpr std::array<const char*, 7> kPrefixes4{"172.16.0.0/12", "172.16.0.0/24", "203.0.113.0/24", "192.0.2.25",
                                                       "10.1.0.0/24",   "198.51.100.1",  "0.0.0.0/1"};
inline constexpr std::array<const char*, 7> kPrefixes6{"fd16::/16", "fd16::/64", "2001:db8::/64", "2001:db8:1::25",
                                                       "fd01::/64", "fd02::1",   "2000::/3"};
inline constexpr std::array<unsigned, 8> kPorts{22, 25, 53, 80, 113, 443, 465, 587};

template <typename List>
[[nodiscard]] auto one_of(lab::Dice& dice, const List& list) {
  return list[dice.below(static_cast<std::uint32_t>(std::size(list)))];
}

}  // namespace mailweir::rules::differential
