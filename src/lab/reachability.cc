#include "lab/reachability.h"

#include <poll.h>

#include "lab/places.h"
#include "lab/sockets.h"

namespace mailweir::lab {

Result<void> await_network(const Topology& topology) {
  constexpr int kPatienceMs = 5'000;
  const InNamespace inside(topology.inside);
  for (const Family family : {Family::V4, Family::V6}) {
    // The last address of the plan: nobody lives there.
    const auto probe = begin_connection(client_address(family, kClientsMax - 1),
                                        server_address(family, 0, Behaviour::Accept, 0), kProbePort);
    if (!probe) return fail(probe.error());
    pollfd answer{probe->get(), POLLOUT, 0};
    if (poll(&answer, 1, kPatienceMs) != 1 || pending_error(*probe) != 0) {
      return fail(ErrorCode::Timeout, "the laboratory's gateway carries no connections");
    }
  }
  return {};
}

}  // namespace mailweir::lab
