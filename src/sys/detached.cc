#include "sys/detached.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <string>

#include "sys/fd.h"

namespace mailweir {
namespace {

constexpr char kReady = '+';

// Whoever waits for our end of a pipe, or for our lock, must not wait for that process.
void drop_everything_but(int kept) {
  const Fd null(open("/dev/null", O_RDWR | O_CLOEXEC));
  for (int fd = 0; fd <= 2; ++fd) dup2(null.get(), fd);
  if (kept > 3) close_range(3, static_cast<unsigned>(kept) - 1, 0);
  close_range(static_cast<unsigned>(kept) + 1, ~0U, 0);
}

void live(int answer, const std::function<Result<void>()>& prepare, const std::function<void()>& body) {
  drop_everything_but(answer);
  signal(SIGHUP, SIG_IGN);
  const auto prepared = prepare();
  const std::string said = prepared ? std::string(1, kReady) : prepared.error().text();
  const ssize_t told = write(answer, said.data(), said.size());
  close(answer);
  if (prepared && told == 1) body();
}

}  // namespace

Result<void> start_detached(const std::function<Result<void>()>& prepare, const std::function<void()>& body) {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) return fail(Error::from_errno(errno, "making a pipe"));
  Fd from_child(ends[0]);
  Fd to_parent(ends[1]);
  std::fflush(nullptr);  // what is buffered would be printed twice
  const pid_t child = fork();
  if (child < 0) return fail(Error::from_errno(errno, "starting a process"));
  if (child == 0) {
    // A second fork: the grandchild is nobody's to wait for.
    setsid();
    if (fork() == 0) live(to_parent.get(), prepare, body);
    _exit(0);
  }
  to_parent.close();
  while (waitpid(child, nullptr, 0) < 0 && errno == EINTR) {
  }
  char said[512];
  ssize_t length = 0;
  while ((length = read(from_child.get(), said, sizeof said)) < 0 && errno == EINTR) {
  }
  if (length == 1 && said[0] == kReady) return {};
  if (length <= 0) return fail(ErrorCode::Io, "the detached process ended at once");
  return fail(ErrorCode::Io, std::string(said, static_cast<std::size_t>(length)));
}

}  // namespace mailweir
