// One packet as NFLOG hands it to user space.
//
// In:  attributes of a message of NFLOG, of any content.   Out: what we use of them; all optional.
// Invariant: `payload` lies inside the attributes. Source: linux/netfilter/nfnetlink_log.h.
#pragma once

#include <cstdint>
#include <optional>

#include "base/time.h"
#include "sys/netlink_attribute.h"

namespace mailweir {

struct NflogPacket {
  Bytes payload;                          // from the IP header on, cut at the snap length
  std::optional<Time> time;               // when the kernel received it; the kernel does not always say
  Bytes hardware;                         // address of who sent it to us; empty where the link has none
  std::optional<std::uint32_t> sequence;  // of this group, one more for each packet it meant to send
};

[[nodiscard]] NflogPacket decode_nflog(const NetlinkAttributes& attributes);

}  // namespace mailweir
