// Does a name look as if nobody chose it for a mail server? Receivers of mail distrust such names: they are those of
// homes, pools and unassigned addresses.
//
// Sources: RFC 1912 section 2.1 and draft-msullivan-dnsop-generic-naming-schemes-00 (the words), the rules
// RDNS_DYNAMIC and HELO_DYNAMIC_* of SpamAssassin (addresses inside names).
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/ip.h"

namespace mailweir {

// The end of a sentence that begins with the name: "contains the address", "contains the word 'dynamic'".
[[nodiscard]] std::optional<std::string> generic_name_reason(std::string_view name, IpAddress address);

}  // namespace mailweir
