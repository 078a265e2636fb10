#include "sys/namespace.h"

#include <fcntl.h>
#include <net/if.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "base/must.h"

namespace mailweir {
namespace {

Result<Fd> open_own_namespace() {
  // The thread's namespace, not the process's.
  Fd fd(open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC));
  if (!fd.is_open()) return fail(Error::from_errno(errno, "opening the network namespace"));
  return fd;
}

Error not_allowed(int number) {
  return Error::from_errno(number, "making a namespace (are user namespaces allowed here?)", ErrorCode::Unsupported);
}

}  // namespace

Result<NetworkNamespace> NetworkNamespace::current() {
  auto fd = open_own_namespace();
  if (!fd) return fail(std::move(fd).error());
  return NetworkNamespace(std::move(*fd));
}

Result<NetworkNamespace> NetworkNamespace::create() {
  const auto before = current();
  if (!before) return fail(before.error());
  if (unshare(CLONE_NEWNET) != 0) return fail(not_allowed(errno));
  auto made = current();
  const auto raised = raise_loopback();
  MUST(before->enter());  // going back to where we came from is always allowed
  if (!raised) return fail(raised.error());
  return made;
}

Result<void> NetworkNamespace::enter() const {
  if (setns(fd_.get(), CLONE_NEWNET) != 0) return fail(Error::from_errno(errno, "entering a network namespace"));
  return {};
}

std::string NetworkNamespace::path() const {
  return "/proc/" + std::to_string(getpid()) + "/fd/" + std::to_string(fd_.get());
}

Result<void> raise_loopback() {
  const Fd socket(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  ifreq request{};
  std::strncpy(request.ifr_name, "lo", sizeof request.ifr_name - 1);
  request.ifr_flags = IFF_UP | IFF_LOOPBACK | IFF_RUNNING;
  if (!socket.is_open() || ioctl(socket.get(), SIOCSIFFLAGS, &request) != 0) {
    return fail(Error::from_errno(errno, "raising the loopback interface"));
  }
  return {};
}

InNamespace::InNamespace(const NetworkNamespace& there) : before_(NetworkNamespace::current()) {
  MUST(before_);
  MUST(there.enter());
}

InNamespace::~InNamespace() { MUST(before_->enter()); }

}  // namespace mailweir
