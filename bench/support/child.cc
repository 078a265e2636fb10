#include "bench/support/child.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>

#include "base/must.h"
#include "bench/support/report.h"
#include "sys/process.h"

namespace mailweir::bench {

Child::Child(const std::vector<std::string>& program, int core) : err_(memfd_create("stderr", MFD_CLOEXEC)) {
  int out[2], in[2];
  MUST(err_.is_open() && pipe2(out, O_CLOEXEC) == 0 && pipe2(in, O_CLOEXEC) == 0);
  out_ = Fd(out[0]);
  const Fd to_parent(out[1]);
  const Fd from_parent(in[0]);
  in_ = Fd(in[1]);
  pid_ = fork();
  MUST(pid_ >= 0);
  if (pid_ > 0) return;
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (core >= 0) pin_to(core);
  dup2(from_parent.get(), STDIN_FILENO);
  dup2(to_parent.get(), STDOUT_FILENO);
  dup2(err_.get(), STDERR_FILENO);
  std::vector<char*> arguments;
  for (const std::string& argument : program) arguments.push_back(const_cast<char*>(argument.c_str()));
  arguments.push_back(nullptr);
  execvp(arguments[0], arguments.data());
  _exit(127);
}

Child::~Child() {
  if (pid_ > 0) (void)stop(SIGKILL);
}

void Child::write_line(std::string line) {
  line += '\n';
  MUST(write(in_.get(), line.data(), line.size()) == static_cast<ssize_t>(line.size()));
}

bool Child::read_line(std::string& line) {
  for (;;) {
    if (const auto end = buffered_.find('\n'); end != std::string::npos) {
      line = buffered_.substr(0, end);
      buffered_.erase(0, end + 1);
      return true;
    }
    std::array<char, 65'536> bytes;
    const ssize_t length = read(out_.get(), bytes.data(), bytes.size());
    if (length <= 0) return false;
    buffered_.append(bytes.data(), static_cast<std::size_t>(length));
  }
}

Child::End Child::stop(int signal) {
  End end;
  kill(pid_, signal);
  rusage used{};
  wait4(pid_, &end.status, 0, &used);
  pid_ = -1;
  const auto ns = [](const timeval& time) { return time.tv_sec * 1'000'000'000LL + time.tv_usec * 1000LL; };
  end.cpu_ns = ns(used.ru_utime) + ns(used.ru_stime);
  std::array<char, 4096> bytes;
  lseek(err_.get(), 0, SEEK_SET);
  for (ssize_t length = 0; (length = read(err_.get(), bytes.data(), bytes.size())) > 0;) {
    end.err.append(bytes.data(), static_cast<std::size_t>(length));
  }
  return end;
}

bool is_installed(const std::string& program) {
  const auto found = run_process({"sh", "-c", "command -v " + program});
  return found && found->status == 0;
}

}  // namespace mailweir::bench
