// What our table in the kernel should be, and its text for nft.
//
// Sets whose contents must survive a new text (the blocks) are declared, never flushed; everything else is replaced.
// Everything about traffic that is not mail is decided by the one rule of the hook: it looks at the destination port, and
// lets go.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/ip.h"
#include "policy/policy.h"

namespace mailweir {

inline constexpr std::string_view kTable = "mailweir";  // family inet
inline constexpr std::string_view kHookChain = "mw_forward";

struct WantedTable {
  std::vector<IpPrefix> clients;     // whose first packets are shown to us
  std::vector<IpPrefix> exempt;      // neither shown nor stopped
  std::vector<std::uint16_t> ports;  // the watched sending ports; never empty
  BlockHow how = BlockHow::Reject;
  std::uint16_t log_group = 0;
  // Elements a set of blocks can hold, per family; when full, further blocks fail and are counted as not enforced.
  // 131,072 clients take about 20 MiB of kernel memory.
  std::uint32_t blocks_max = 131'072;
};

// REQUIRES: policy.gateway.
[[nodiscard]] WantedTable wanted_table(const Policy& policy, std::uint16_t log_group);

// Statements for `nft -f`, one a line; installs the table or brings an existing one there, in one transaction.
[[nodiscard]] std::string table_text(const WantedTable& wanted);

// What table_text() writes as comment on the hook's rule, so that the kernel's rules can be told from older ones:
// "mailweir 0123456789abcdef".
[[nodiscard]] std::string table_marker(const WantedTable& wanted);

}  // namespace mailweir
