#include "lab/guard_process.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <fstream>
#include <nlohmann/json.hpp>
#include <utility>

#include "apply/linux_kernel.h"
#include "base/escape.h"
#include "lab/places.h"

namespace mailweir::lab {
namespace {

constexpr char kHome[] = "/run/mailweir-demo";
constexpr char kPolicyFile[] = "/run/mailweir-demo/mailweir.toml";
constexpr char kTalkFile[] = "/run/mailweir-demo/guard.log";
constexpr int kReadyWaitMs = 10'000, kStopWaitMs = 3'000;
constexpr std::size_t kTalkMax = 1'024;  // of its last words

[[noreturn]] void become(const std::string& program, int out, int err) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  dup2(out, STDOUT_FILENO);
  dup2(err, STDERR_FILENO);
  execl(program.c_str(), "mailweir", "run", "--config", kPolicyFile, "--state-dir", kHome, "--runtime-dir", kHome,
        "--json", nullptr);
  _exit(127);
}

}  // namespace

// A suspected mail server is told of and not slowed down: a limit per hour is no measure where a minute takes a second.
std::string gateway_policy() {
  return fmt::format(
      "[gateway]\n"
      "clients      = [\"{}\", \"{}\"]\n"
      "mail_servers = [\"{}\"]\n"
      "transfer     = \"watch\"\n"
      "submission   = \"watch\"\n"
      "count_bytes  = true\n"
      "suspects     = \"notice\"\n"
      "\n"
      "[block]\n"
      "for = \"1h\"\n"
      "how = \"reject\"\n",
      clients_prefix(Family::V4).text(), clients_prefix(Family::V6).text(), mail_host_address(0).text());
}

Result<GuardProcess> GuardProcess::start(const std::string& program) {
  GuardProcess guard;
  mkdir(kHome, 0700);
  std::ofstream(kPolicyFile) << gateway_policy();
  const Fd talk(open(kTalkFile, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
  std::array<int, 2> ends{};
  if (!talk.is_open() || pipe2(ends.data(), O_CLOEXEC) != 0)
    return fail(Error::from_errno(errno, "starting the guard"));
  guard.output_ = Fd(ends[0]);
  Fd theirs(ends[1]);
  std::fflush(nullptr);  // what is buffered would be printed twice
  const pid_t pid = fork();
  if (pid < 0) return fail(Error::from_errno(errno, "starting the guard"));
  if (pid == 0) become(program, theirs.get(), talk.get());
  guard.pid_ = pid;
  fcntl(guard.output_.get(), F_SETFL, O_NONBLOCK);
  theirs.close();

  while (!guard.ready_) {
    pollfd waiting{guard.fd(), POLLIN, 0};
    if (poll(&waiting, 1, kReadyWaitMs) != 1) return fail(ErrorCode::Timeout, "the guard does not become ready");
    if (!guard.listen()) return fail(guard.ended());
  }
  auto kernel = open_linux_kernel();
  if (!kernel) return fail(std::move(kernel).error());
  guard.kernel_ = std::move(*kernel);
  return guard;
}

GuardProcess::GuardProcess(GuardProcess&& other) noexcept
    : pid_(std::exchange(other.pid_, 0)),
      output_(std::move(other.output_)),
      pending_(std::move(other.pending_)),
      ready_(other.ready_),
      view_(std::move(other.view_)),
      kernel_(std::move(other.kernel_)) {}

GuardProcess::~GuardProcess() {
  if (pid_ == 0) return;
  kill(pid_, SIGKILL);
  while (waitpid(pid_, nullptr, 0) < 0 && errno == EINTR) {
  }
}

Error GuardProcess::ended() const {
  std::ifstream file(kTalkFile);
  std::string talk;
  for (std::string line; std::getline(file, line) && talk.size() < kTalkMax;) {
    talk += (talk.empty() ? "" : "; ") + escape(line, kTalkMax);
  }
  return Error(ErrorCode::Refused, fmt::format("the guard ended: {}", talk));
}

bool GuardProcess::listen() {
  std::array<char, 16'384> bytes;
  ssize_t length = 0;
  while ((length = read(output_.get(), bytes.data(), bytes.size())) > 0) {
    pending_.append(bytes.data(), static_cast<std::size_t>(length));
  }
  const bool open = length < 0 && (errno == EAGAIN || errno == EINTR);
  std::size_t begin = 0;
  for (std::size_t end = 0; (end = pending_.find('\n', begin)) != std::string::npos; begin = end + 1) {
    read_guard_line(std::string_view(pending_).substr(begin, end - begin), view_, ready_);
  }
  pending_.erase(0, begin);
  return open;
}

Result<void> GuardProcess::look() {
  auto blocks = kernel_->blocks();
  if (!blocks) return fail(std::move(blocks).error());
  view_.in_kernel.clear();
  for (const Block& block : *blocks) {
    // Who is slowed down sends on.
    if (block.scope != BlockScope::SlowedDown) view_.in_kernel.push_back(block.client);
  }
  return {};
}

Result<void> GuardProcess::stop() {
  kill(pid_, SIGTERM);
  pollfd waiting{fd(), POLLIN, 0};
  while (poll(&waiting, 1, kStopWaitMs) == 1) {
    if (!listen()) return {};
  }
  return fail(ErrorCode::Timeout, "the guard does not end when it is told to");
}

}  // namespace mailweir::lab
