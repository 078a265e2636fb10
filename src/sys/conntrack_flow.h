// Connections as the kernel's connection tracking writes them into netlink messages, and as it wants to be asked.
//
// In:  attributes of a message of the conntrack subsystem, of any content.   Out: a flow, or nothing when it is not one
// of TCP with complete addresses. Sources: linux/netfilter/nfnetlink_conntrack.h, nf_conntrack_tcp.h (kernel 6.18).
#pragma once

#include <cstdint>
#include <optional>

#include "base/flow_tuple.h"
#include "sys/netlink_attribute.h"
#include "sys/netlink_request.h"

namespace mailweir {

// Bytes count from the IP header on.
struct FlowCounters {
  std::uint64_t packets_out = 0, bytes_out = 0;  // from the client
  std::uint64_t packets_back = 0, bytes_back = 0;
  friend bool operator==(const FlowCounters&, const FlowCounters&) = default;
};

enum class TcpState : std::uint8_t {  // enum tcp_conntrack
  None,
  SynSent,
  SynReceived,
  Established,
  FinWait,
  CloseWait,
  LastAck,
  TimeWait,
  Close,
  SynSent2,
};

struct ConntrackFlow {
  FlowTuple tuple;
  std::optional<TcpState> state;
  std::optional<FlowCounters> counters;  // nothing where the kernel does not count (nf_conntrack_acct)
  bool reply_seen = false;
  // Who really answers: behind a port forwarding not the address the connection went to.
  std::optional<IpAddress> answerer{};
};

[[nodiscard]] std::optional<ConntrackFlow> decode_flow(const NetlinkAttributes& attributes);

// The attribute that names a flow in a request, in a message of family_of(tuple): by the tuple it was opened with
// (CTA_TUPLE_ORIG), or by that of its answers (CTA_TUPLE_REPLY, 2).
void put_flow(NetlinkRequest& request, const FlowTuple& tuple, std::uint16_t direction = 1);
[[nodiscard]] std::uint8_t family_of(const FlowTuple& tuple);

}  // namespace mailweir
