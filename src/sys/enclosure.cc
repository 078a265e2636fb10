#include "sys/enclosure.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <string>
#include <string_view>

#include "sys/fd.h"
#include "sys/namespace.h"

namespace mailweir {
namespace {

int namespaces_of(Walls walls) {
  return walls == Walls::Network ? CLONE_NEWNET
                                 : CLONE_NEWNS | CLONE_NEWNET | CLONE_NEWPID | CLONE_NEWIPC | CLONE_NEWUTS;
}

std::string read_setting(const char* path) {
  const Fd fd(open(path, O_RDONLY | O_CLOEXEC));
  std::array<char, 32> text{};
  const ssize_t length = fd.is_open() ? read(fd.get(), text.data(), text.size()) : 0;
  std::string value(text.data(), length > 0 ? static_cast<std::size_t>(length) : 0);
  while (!value.empty() && value.back() == '\n') value.pop_back();
  return value;
}

// The setting that forbids user namespaces here, most telling first.
Error forbidden(int number) {
  struct Setting {
    const char *path, *name, *forbids, *allows;
  };
  constexpr std::array settings{
      Setting{"/proc/sys/user/max_user_namespaces", "user.max_user_namespaces", "0", "10000"},
      Setting{"/proc/sys/kernel/unprivileged_userns_clone", "kernel.unprivileged_userns_clone", "0", "1"},
      Setting{"/proc/sys/kernel/apparmor_restrict_unprivileged_userns", "kernel.apparmor_restrict_unprivileged_userns",
              "1", "0"},
  };
  const std::string sentence = "namespaces of its own are needed, and this system does not allow them";
  for (const Setting& setting : settings) {
    if (read_setting(setting.path) != setting.forbids) continue;
    return Error(ErrorCode::Unsupported,
                 fmt::format("{}: {} is {}; run it as root, or allow it: sysctl -w {}={}", sentence, setting.name,
                             setting.forbids, setting.name, setting.allows));
  }
  return Error::from_errno(number, sentence + " (a container? run it on the machine itself)", ErrorCode::Unsupported);
}

bool write_text(const std::string& path, std::string_view text) {
  const Fd fd(open(path.c_str(), O_WRONLY | O_CLOEXEC));
  return fd.is_open() && write(fd.get(), text.data(), text.size()) == static_cast<ssize_t>(text.size());
}

bool map_users(pid_t child) {
  const std::string proc = fmt::format("/proc/{}/", child);
  return write_text(proc + "setgroups", "deny") && write_text(proc + "uid_map", fmt::format("0 {} 1", geteuid())) &&
         write_text(proc + "gid_map", fmt::format("0 {} 1", getegid()));
}

// Like fork, into new namespaces. Not clone3 with a stack: the child goes on with a copy of everything, as after fork.
pid_t fork_into(int flags) {
  return static_cast<pid_t>(
      syscall(SYS_clone, static_cast<unsigned long>(flags | SIGCHLD), nullptr, nullptr, nullptr, 0));
}

// A mount namespace shares with nobody, has its own /proc (our pids) and an empty /run.
const char* furnish() {
  if (mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0) return "making mounts private";
  if (mount("proc", "/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, nullptr) != 0) return "mounting /proc";
  if (mount("tmpfs", "/run", "tmpfs", MS_NOSUID | MS_NODEV, "mode=0755,size=64m") != 0) return "mounting /run";
  return nullptr;
}

// The parent keeps its end of `parent` open as long as it lives.
bool parent_is_gone(const Fd& parent) {
  pollfd end{parent.get(), 0, 0};
  return poll(&end, 1, 0) == 1 && (end.revents & POLLHUP) != 0;
}

[[noreturn]] void live_inside(Walls walls, const Fd& parent, const std::function<int()>& body) {
  constexpr int kNotFurnished = 4;  // refused by the system
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  char byte = 0;
  // No byte: the parent died or could not map our user. A byte from the dead: it died before prctl.
  if (read(parent.get(), &byte, 1) != 1 || parent_is_gone(parent)) _exit(kNotFurnished);
  setsid();  // the terminal's Ctrl-C is the parent's business
  const char* failed = walls == Walls::All ? furnish() : nullptr;
  if (failed == nullptr && !raise_loopback()) failed = "raising the loopback interface";
  if (failed != nullptr) {
    std::fprintf(stderr, "mailweir: %s in a private namespace: %s\n", failed, std::strerror(errno));
    _exit(kNotFurnished);
  }
  const int status = body();
  std::fflush(nullptr);
  _exit(status);
}

sigset_t awaited_signals() {
  sigset_t set;
  sigemptyset(&set);
  for (const int signal : {SIGINT, SIGTERM, SIGHUP, SIGCHLD}) sigaddset(&set, signal);
  return set;
}

// The child's exit status; an interruption ends the child first.
int await(pid_t child, const sigset_t& signals) {
  int interrupted = 0, status = 0;
  while (waitpid(child, &status, interrupted == 0 ? WNOHANG : 0) == 0) {
    const int signal = sigwaitinfo(&signals, nullptr);
    if (signal < 0 || signal == SIGCHLD) continue;
    interrupted = signal;
    kill(child, SIGKILL);
  }
  if (interrupted != 0) return 128 + interrupted;
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

}  // namespace

Result<int> run_enclosed(Walls walls, const std::function<int()>& body) {
  std::array<int, 2> ends{};
  if (pipe2(ends.data(), O_CLOEXEC) != 0) return fail(Error::from_errno(errno, "making a pipe"));
  Fd child_end(ends[0]), parent_end(ends[1]);
  const sigset_t signals = awaited_signals();
  sigset_t before;
  pthread_sigmask(SIG_BLOCK, &signals, &before);
  std::fflush(nullptr);  // what is buffered would be printed twice

  bool own_users = walls == Walls::All || geteuid() != 0;
  pid_t child = fork_into(namespaces_of(walls) | (own_users ? CLONE_NEWUSER : 0));
  int refusal = errno;
  if (child < 0 && geteuid() == 0) {
    own_users = false;
    child = fork_into(namespaces_of(walls));
  }
  if (child == 0) {
    parent_end.close();
    pthread_sigmask(SIG_SETMASK, &before, nullptr);
    live_inside(walls, child_end, body);
  }
  child_end.close();
  bool allowed = child > 0;
  if (allowed && own_users && !map_users(child)) {
    allowed = false;
    refusal = errno;
  }
  if (allowed) allowed = write(parent_end.get(), "+", 1) == 1;
  if (!allowed) parent_end.close();  // the child, if there is one, ends
  const int status = child > 0 ? await(child, signals) : 0;
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  if (!allowed) return fail(forbidden(refusal));
  return status;
}

}  // namespace mailweir
