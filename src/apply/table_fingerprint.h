// A number for what our table is, from the kernel's own words, without listing who is blocked.
//
// Two states of the table have the same number only when table, chains, rules, sets and the elements of sets that do
// not come and go are the same and have the same handles: nobody touched them in between. Counters and the contents of
// sets with timeouts are no part of it. It costs milliseconds, whatever the number of blocks; nft (1.0.6) fetches all
// elements of all sets to list a rule, which takes a second when 100,000 clients are blocked.
// Source: linux/netfilter/nf_tables.h (kernel 6.18).
#pragma once

#include <string>

#include "base/result.h"
#include "sys/netlink.h"
#include "sys/netlink_request.h"

namespace mailweir {

// Empty: there is no table.
[[nodiscard]] Result<std::string> fingerprint_table(NetlinkSocket& socket, NetlinkRequest& request);

}  // namespace mailweir
