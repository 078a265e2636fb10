// Blocks as elements of our sets, in netlink messages.
//
// A block is an element of blocked4 or blocked6; one that cuts only one role has a twin in transfer_only or
// submission_only. A client that is slowed down is an element of slowed4 or slowed6 and of nothing else.
// In:  elements as the kernel lists them, of any content.   Out: those that are ours to read.
// Source: linux/netfilter/nf_tables.h (kernel 6.18); libnftnl's udata.h for the comment.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "apply/kernel.h"
#include "sys/netlink_attribute.h"
#include "sys/netlink_request.h"

namespace mailweir {

enum class BlockSet : std::uint8_t { Blocked, TransferOnly, SubmissionOnly, Slowed };
inline constexpr BlockSet kBlockSets[] = {BlockSet::Blocked, BlockSet::TransferOnly, BlockSet::SubmissionOnly,
                                          BlockSet::Slowed};

[[nodiscard]] std::string set_name(BlockSet set, bool v4);
// Where a client with that scope is.
[[nodiscard]] std::span<const BlockSet> sets_of(BlockScope scope);

// Largest element in a message: key, timeout, comment.
inline constexpr std::size_t kElementBytesMax = 192;

struct SetElement {
  IpPrefix client = IpPrefix::host({});
  std::string case_id;
  Duration length{}, left{};
  std::uint64_t packets = 0;
};

// Messages of NFT_MSG_NEWSETELEM, DELSETELEM and GETSETELEM. A list is REQUIRED to fit one message (64 KiB).
void put_new_elements(NetlinkRequest& request, BlockSet set, bool v4, std::span<const Block* const> blocks);
void put_delete_elements(NetlinkRequest& request, BlockSet set, bool v4, std::span<const IpPrefix> clients);
void put_get_element(NetlinkRequest& request, BlockSet set, IpPrefix client);
void put_list_elements(NetlinkRequest& request, BlockSet set, bool v4);

// Calls `each` for every element in an answer to get or list.
void read_elements(const NetlinkMessage& message, bool v4, const std::function<void(const SetElement&)>& each);

}  // namespace mailweir
