#include "sys/signals.h"

#include <signal.h>
#include <sys/signalfd.h>

#include <cerrno>

namespace mailweir {

Result<SignalFd> SignalFd::open(std::initializer_list<int> signals) {
  sigset_t set;
  sigemptyset(&set);
  for (const int signal : signals) sigaddset(&set, signal);
  pthread_sigmask(SIG_BLOCK, &set, nullptr);
  Fd fd(signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK));
  if (!fd.is_open()) return fail(Error::from_errno(errno, "reading signals"));
  return SignalFd(std::move(fd));
}

std::optional<int> SignalFd::take() {
  signalfd_siginfo info;
  if (read(fd_.get(), &info, sizeof info) != sizeof info) return std::nullopt;
  return static_cast<int>(info.ssi_signo);
}

}  // namespace mailweir
