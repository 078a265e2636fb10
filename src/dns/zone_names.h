// Names for addresses, from a pattern or from a table.
//
// Invariants: every name is one a host can have; no wildcard, no empty place; an address has one name.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "dns/pool.h"

namespace mailweir {

struct NamedAddress {
  IpAddress address;
  std::string name;  // canonical
};

// In the pattern: {n} counts from `first`, in the order of the addresses; {a} {b} {c} {d} are the octets of an IPv4
// address; {ip} is the address with hyphens. Usage when it is no such pattern.
[[nodiscard]] Result<std::vector<NamedAddress>> names_by_pattern(const std::string& pattern, std::uint64_t first,
                                                                 const std::vector<AddressRange>& ranges);
// Lines "ADDRESS NAME"; empty ones and what follows a # are passed over. Every address must lie in `ranges`; those
// without a line get no name. BadInput with the number of the line.
[[nodiscard]] Result<std::vector<NamedAddress>> names_by_table(std::string_view table,
                                                               const std::vector<AddressRange>& ranges);
// The part all names of a pattern end in: "example.net" of "out{n}.example.net".
[[nodiscard]] std::string domain_of(std::string_view pattern);

// Names that `dns check` would call generic: the first, why, and how many there are.
struct GenericNames {
  std::uint64_t count = 0;
  std::string name, reason;
};
[[nodiscard]] GenericNames generic_names(const std::vector<NamedAddress>& names);

}  // namespace mailweir
