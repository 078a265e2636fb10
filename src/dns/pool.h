// Which addresses are asked about: ranges, in order, each address once.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/ip.h"

namespace mailweir {

struct AddressRange {
  IpAddress first, last;  // one family, first <= last

  friend bool operator==(const AddressRange&, const AddressRange&) = default;
  // Saturates at the largest number.
  [[nodiscard]] std::uint64_t size() const;
  [[nodiscard]] std::string text() const;  // "192.0.2.1", "192.0.2.1-192.0.2.9"; a prefix where it is one
};

[[nodiscard]] AddressRange range_of(const IpPrefix& prefix);  // first and last address included
// "ADDRESS", "ADDRESS-ADDRESS" or "PREFIX".
[[nodiscard]] std::optional<AddressRange> parse_range(std::string_view text);
// Sorted, IPv4 first; what overlaps or touches is one.
[[nodiscard]] std::vector<AddressRange> merged(std::vector<AddressRange> ranges);
// REQUIRES: not the last address there is.
[[nodiscard]] IpAddress next_address(IpAddress address);

}  // namespace mailweir
