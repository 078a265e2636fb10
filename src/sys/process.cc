#include "sys/process.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <optional>

#include "sys/fd.h"

extern char** environ;

namespace mailweir {
namespace {

constexpr std::size_t kOutputBytesMax = std::size_t{64} << 20;

std::optional<std::string> find_program(const std::string& name) {
  if (name.find('/') != std::string::npos) return name;
  const char* path = std::getenv("PATH");
  std::string folders = std::string(path != nullptr ? path : "/usr/bin:/bin") + ":/usr/local/sbin:/usr/sbin:/sbin";
  for (std::size_t begin = 0; begin <= folders.size();) {
    const std::size_t end = std::min(folders.find(':', begin), folders.size());
    const std::string candidate = folders.substr(begin, end - begin) + "/" + name;
    if (access(candidate.c_str(), X_OK) == 0) return candidate;
    begin = end + 1;
  }
  return std::nullopt;
}

struct Pipe {
  Fd read, write;
};

Result<Pipe> make_pipe() {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) return fail(Error::from_errno(errno, "making a pipe"));
  return Pipe{Fd(ends[0]), Fd(ends[1])};
}

class SpawnActions {
 public:
  SpawnActions() { posix_spawn_file_actions_init(&actions_); }
  ~SpawnActions() { posix_spawn_file_actions_destroy(&actions_); }
  SpawnActions(const SpawnActions&) = delete;
  SpawnActions& operator=(const SpawnActions&) = delete;
  void dup2(const Fd& fd, int as) { posix_spawn_file_actions_adddup2(&actions_, fd.get(), as); }
  [[nodiscard]] const posix_spawn_file_actions_t* get() const { return &actions_; }

 private:
  posix_spawn_file_actions_t actions_{};
};

// Our blocked signals (the loop reads them from a descriptor) are not the child's.
class SpawnAttributes {
 public:
  SpawnAttributes() {
    posix_spawnattr_init(&attributes_);
    sigset_t none;
    sigemptyset(&none);
    posix_spawnattr_setsigmask(&attributes_, &none);
    posix_spawnattr_setflags(&attributes_, POSIX_SPAWN_SETSIGMASK);
  }
  ~SpawnAttributes() { posix_spawnattr_destroy(&attributes_); }
  SpawnAttributes(const SpawnAttributes&) = delete;
  SpawnAttributes& operator=(const SpawnAttributes&) = delete;
  [[nodiscard]] const posix_spawnattr_t* get() const { return &attributes_; }

 private:
  posix_spawnattr_t attributes_{};
};

// Reads what is there; false at the end of the stream.
bool drain(Fd& fd, std::string& text) {
  std::array<char, 65536> buffer;
  const ssize_t length = ::read(fd.get(), buffer.data(), buffer.size());
  if (length < 0) return errno == EINTR || errno == EAGAIN;
  text.append(buffer.data(), static_cast<std::size_t>(length));
  return length > 0;
}

// Writing to a program that has stopped reading must not end us.
ssize_t write_quietly(const Fd& fd, std::string_view text) {
  sigset_t pipe_signal, before;
  sigemptyset(&pipe_signal);
  sigaddset(&pipe_signal, SIGPIPE);
  pthread_sigmask(SIG_BLOCK, &pipe_signal, &before);
  const ssize_t length = ::write(fd.get(), text.data(), text.size());
  const int number = errno;
  if (length < 0 && number == EPIPE && sigismember(&before, SIGPIPE) == 0) {
    const timespec at_once{};
    sigtimedwait(&pipe_signal, nullptr, &at_once);
  }
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  errno = number;
  return length;
}

// Feeds and reads until both outputs end; false when there was too much.
bool converse(Pipe& in, Pipe& out, Pipe& err, std::string_view input, ProcessOutput& output) {
  fcntl(in.write.get(), F_SETFL, O_NONBLOCK);
  if (input.empty()) in.write.close();
  while (out.read.is_open() || err.read.is_open()) {
    std::array<pollfd, 3> waiting{
        {{out.read.get(), POLLIN, 0}, {err.read.get(), POLLIN, 0}, {in.write.get(), POLLOUT, 0}}};
    if (poll(waiting.data(), waiting.size(), -1) < 0 && errno != EINTR) return false;
    if (waiting[0].revents != 0 && !drain(out.read, output.out)) out.read.close();
    if (waiting[1].revents != 0 && !drain(err.read, output.err)) err.read.close();
    if (waiting[2].revents != 0) {
      const ssize_t written = write_quietly(in.write, input);
      if (written > 0) input.remove_prefix(static_cast<std::size_t>(written));
      if (input.empty() || (written < 0 && errno != EAGAIN && errno != EINTR)) in.write.close();
    }
    if (output.out.size() + output.err.size() > kOutputBytesMax) return false;
  }
  return true;
}

}  // namespace

Result<ProcessOutput> run_process(const std::vector<std::string>& arguments, std::string_view input) {
  const auto program = find_program(arguments.at(0));
  if (!program) return fail(ErrorCode::Unsupported, "the program " + arguments[0] + " is not installed");
  auto in = make_pipe();
  auto out = make_pipe();
  auto err = make_pipe();
  if (!in || !out || !err) return fail(ErrorCode::Io, "too many open files to run " + arguments[0]);

  SpawnActions actions;
  actions.dup2(in->read, STDIN_FILENO);
  actions.dup2(out->write, STDOUT_FILENO);
  actions.dup2(err->write, STDERR_FILENO);
  std::vector<char*> argv;
  argv.reserve(arguments.size() + 1);
  for (const std::string& argument : arguments) argv.push_back(const_cast<char*>(argument.c_str()));
  argv.push_back(nullptr);
  const SpawnAttributes attributes;
  pid_t child = 0;
  if (const int number = posix_spawn(&child, program->c_str(), actions.get(), attributes.get(), argv.data(), environ)) {
    return fail(Error::from_errno(number, "starting " + arguments[0]));
  }
  in->read.close();
  out->write.close();
  err->write.close();

  ProcessOutput output;
  const bool complete = converse(*in, *out, *err, input, output);
  if (!complete) kill(child, SIGKILL);
  int status = 0;
  while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  if (!complete) return fail(ErrorCode::Limit, arguments[0] + " wrote more than we read");
  output.status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  return output;
}

}  // namespace mailweir
