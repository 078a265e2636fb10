#include "sys/namespace.h"

#include <fcntl.h>
#include <net/if.h>
#include <sched.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
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

Result<void> write_once(const char* path, const std::string& text) {
  const Fd fd(open(path, O_WRONLY | O_CLOEXEC));
  if (!fd.is_open() || write(fd.get(), text.data(), text.size()) != static_cast<ssize_t>(text.size())) {
    return fail(Error::from_errno(errno, std::string("writing ") + path));
  }
  return {};
}

Error not_allowed(int number) {
  return Error::from_errno(number, "making a namespace (are user namespaces allowed here?)", ErrorCode::Unsupported);
}

Result<void> become_root_of_own_users() {
  const std::string user = std::to_string(geteuid());
  const std::string group = std::to_string(getegid());
  if (unshare(CLONE_NEWUSER) != 0) return fail(not_allowed(errno));
  for (const auto& [path, text] :
       {std::pair{"/proc/self/setgroups", std::string("deny")}, std::pair{"/proc/self/uid_map", "0 " + user + " 1"},
        std::pair{"/proc/self/gid_map", "0 " + group + " 1"}}) {
    if (auto written = write_once(path, text); !written) return written;
  }
  return {};
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

InNamespace::InNamespace(const NetworkNamespace& there) : before_(NetworkNamespace::current()) {
  MUST(before_);
  MUST(there.enter());
}

InNamespace::~InNamespace() { MUST(before_->enter()); }

Result<void> become_laboratory() {
  if (geteuid() != 0) {
    if (auto root = become_root_of_own_users(); !root) return root;
  }
  if (unshare(CLONE_NEWNET) != 0) return fail(not_allowed(errno));
  return raise_loopback();
}

Result<int> run_in_namespace(const std::function<int()>& body) {
  constexpr int kNoLaboratory = 125;
  int answer[2];
  if (pipe2(answer, O_CLOEXEC) != 0) return fail(Error::from_errno(errno, "making a pipe"));
  Fd from_child(answer[0]);
  Fd to_parent(answer[1]);
  std::fflush(nullptr);  // what is buffered would be printed twice
  const pid_t child = fork();
  if (child < 0) return fail(Error::from_errno(errno, "starting a process"));
  if (child == 0) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    const auto ready = become_laboratory();
    const std::string why = ready ? std::string() : ready.error().text();
    if (!ready && write(to_parent.get(), why.data(), why.size()) < 0) _exit(kNoLaboratory);
    to_parent.close();
    if (!ready) _exit(kNoLaboratory);
    const int status = body();
    std::fflush(nullptr);
    _exit(status);
  }
  to_parent.close();
  char why[512];
  ssize_t length = 0;
  while ((length = read(from_child.get(), why, sizeof why)) < 0 && errno == EINTR) {
  }
  int status = 0;
  while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  if (length > 0) return fail(ErrorCode::Unsupported, std::string(why, static_cast<std::size_t>(length)));
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

}  // namespace mailweir
