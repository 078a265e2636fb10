// Domain names as text: as in a zone file, lower case, without the last dot; "" is the root. "\." and "\065" escape.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/ip.h"

namespace mailweir {

// Lower case (ASCII only, RFC 4343), without a last dot that is not escaped.
[[nodiscard]] std::string canonical_name(std::string_view text);
// The labels, escapes kept: "a\.b.example" -> "a\.b", "example".
[[nodiscard]] std::vector<std::string_view> labels_of(std::string_view name);
// Without the first label; the root's parent is the root.
[[nodiscard]] std::string_view parent_name(std::string_view name);
// Is `name` the zone's own name or below it? Everything is under the root.
[[nodiscard]] bool is_under(std::string_view name, std::string_view zone);
// The order of zones and of DNSSEC (RFC 4034 section 6.1): by labels, the last first.
[[nodiscard]] bool comes_before(std::string_view a, std::string_view b);

// What is wrong with it as the name of a host that sends mail (RFC 1123 section 2.1, RFC 5321 section 4.1.2), as the
// end of a sentence that begins with the name: "holds characters that ...". Nothing: it is right.
[[nodiscard]] std::optional<std::string> host_name_mistake(std::string_view name);

// "4.2.0.192.in-addr.arpa"; for IPv6 32 nibbles below ip6.arpa (RFC 3596).
[[nodiscard]] std::string reverse_name(IpAddress address);
// "4.2.0.192" and the nibbles alone: what is put in front of a list's or a zone's name.
[[nodiscard]] std::string reversed_labels(IpAddress address);
// Of the network's first `length` bits, which must end on an octet or a nibble: "2.0.192.in-addr.arpa".
[[nodiscard]] std::string reverse_zone_name(const IpPrefix& prefix);
// The network a name below in-addr.arpa or ip6.arpa stands for; nothing for RFC 2317 names and others.
[[nodiscard]] std::optional<IpPrefix> network_of_reverse_name(std::string_view name);

}  // namespace mailweir
