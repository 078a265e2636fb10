#include "sys/tracked.h"

#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_conntrack.h>

#include <cerrno>

#include "sys/netlink.h"

namespace mailweir {

Result<std::optional<ConntrackFlow>> find_tracked(const FlowTuple& tuple) {
  auto socket = NetlinkSocket::open();
  if (!socket) return fail(socket.error());
  constexpr std::size_t kRequestBytes = 4096;  // one question
  NetlinkRequest request(kRequestBytes);
  request.message(NFNL_SUBSYS_CTNETLINK << 8 | IPCTNL_MSG_CT_GET, 0, family_of(tuple));
  put_flow(request, {tuple.server, tuple.client, tuple.server_port, tuple.client_port}, CTA_TUPLE_REPLY);
  request.ask_acknowledgement();
  std::optional<ConntrackFlow> found;
  int problem = 0;
  const auto asked = socket->request(
      request, [&](const NetlinkMessage& message) { found = decode_flow(message.attributes()); },
      [&](std::uint32_t, int number) { problem = number; });
  if (!asked) return fail(Error(asked.error()).in("looking for a tracked connection"));
  if (problem == 0 || problem == ENOENT) return found;
  const ErrorCode code = problem == EPERM ? ErrorCode::NotPermitted : ErrorCode::Unsupported;
  return fail(Error::from_errno(problem, "looking for a tracked connection", code));
}

}  // namespace mailweir
