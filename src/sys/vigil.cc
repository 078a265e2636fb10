#include "sys/vigil.h"

#include <signal.h>

namespace mailweir {

Result<Vigil> Vigil::begin() {
  auto signals = SignalFd::open({SIGTERM, SIGINT, SIGUSR1});
  if (!signals) return fail(std::move(signals).error());
  auto poller = Poller::open();
  if (!poller) return fail(std::move(poller).error());
  if (auto watched = poller->watch(signals->fd(), 0); !watched) return fail(std::move(watched).error());
  return Vigil(std::move(*signals), std::move(*poller));
}

bool Vigil::wait(Duration patience) {
  if (!poller_.wait(patience)) return false;
  bool goes_on = true;
  while (const auto signal = signals_.take()) goes_on = goes_on && *signal == SIGUSR1;
  return goes_on;
}

}  // namespace mailweir
