#include "lab/crew.h"

#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <utility>

#include "lab/places.h"
#include "lab/reachability.h"
#include "lab/traffic.h"
#include "sys/clock.h"

namespace mailweir::lab {
namespace {

struct Times {
  Time start, end;
};

// Sockets for as many dialogues at a time as the system allows. A quarter is left for connections that one side still
// holds while the other has given them up.
TrafficLimits limits_of_this_process() {
  TrafficLimits limits;
  rlimit files{};
  if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
    files.rlim_cur = files.rlim_max;
    setrlimit(RLIMIT_NOFILE, &files);
    const auto sockets = static_cast<std::uint32_t>(std::min<rlim_t>(files.rlim_cur, 65'536));
    limits.connections_max = std::min(limits.connections_max, sockets / 4 * 3);
  }
  return limits;
}

// Both sides do the same: listen, say so, hear the times, work.
Result<void> work(Traffic& traffic, const Fd& channel) {
  Times times;
  if (write(channel.get(), "+", 1) != 1 || read(channel.get(), &times, sizeof times) != sizeof times) return {};
  return traffic.run(times.start, times.end);
}

Result<void> work_inside(const Population& population, const Scoreboard& board, const Fd& channel) {
  const SystemClock clock;
  Traffic traffic(clock, board, board.inside(), limits_of_this_process());
  for (std::uint32_t n = 0; n < 2; ++n) {
    if (auto listening = traffic.listen(mail_host_address(n), 25); !listening) return listening;
  }
  traffic.assign(population.outward);
  return work(traffic, channel);
}

Result<void> work_outside(const Population& population, const Scoreboard& board, const Fd& channel) {
  const SystemClock clock;
  Traffic traffic(clock, board, board.outside(), limits_of_this_process());
  for (const std::uint16_t port : std::to_array<std::uint16_t>({25, 465, 587, kProbePort})) {
    if (auto listening = traffic.listen(IpAddress{}, port); !listening) return listening;
  }
  traffic.assign(population.inward);
  return work(traffic, channel);
}

}  // namespace

Crew::Process::Process(Process&& other) noexcept
    : pid(std::exchange(other.pid, 0)), channel(std::move(other.channel)) {}

Crew::Process& Crew::Process::operator=(Process&& other) noexcept {
  std::swap(pid, other.pid);
  std::swap(channel, other.channel);
  return *this;
}

Crew::Process::~Process() {
  if (pid == 0) return;
  kill(pid, SIGKILL);
  while (waitpid(pid, nullptr, 0) < 0 && errno == EINTR) {
  }
}

template <typename Work>
Result<Crew::Process> Crew::start_process(const NetworkNamespace& where, const Work& work) {
  std::array<int, 2> ends{};
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) != 0) {
    return fail(Error::from_errno(errno, "making a channel"));
  }
  Fd ours(ends[0]), theirs(ends[1]);
  std::fflush(nullptr);  // what is buffered would be printed twice
  Process process;
  process.pid = fork();
  if (process.pid < 0) {
    process.pid = 0;
    return fail(Error::from_errno(errno, "starting a process"));
  }
  if (process.pid == 0) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    ours.close();
    auto done = where.enter();
    if (done) done = work(theirs);
    if (!done) std::fprintf(stderr, "mailweir: in the laboratory: %s\n", done.error().text().c_str());
    _exit(done ? 0 : 1);
  }
  theirs.close();
  char byte = 0;
  if (read(ours.get(), &byte, 1) != 1) return fail(ErrorCode::Refused, "the laboratory's mail programs did not start");
  process.channel = std::move(ours);
  return process;
}

Result<Crew> Crew::hire(const Topology& topology, const Population& population, const Scoreboard& board) {
  Crew crew;
  auto outside =
      start_process(topology.outside, [&](const Fd& channel) { return work_outside(population, board, channel); });
  if (!outside) return fail(std::move(outside).error());
  crew.outside_ = std::move(*outside);
  auto inside =
      start_process(topology.inside, [&](const Fd& channel) { return work_inside(population, board, channel); });
  if (!inside) return fail(std::move(inside).error());
  crew.inside_ = std::move(*inside);
  if (auto reachable = await_network(topology); !reachable) return fail(std::move(reachable).error());
  return crew;
}

Result<void> Crew::begin(Time start, Time end) {
  const Times times{start, end};
  for (const Process* process : {&outside_, &inside_}) {
    if (write(process->channel.get(), &times, sizeof times) != sizeof times) {
      return fail(Error::from_errno(errno, "starting the traffic"));
    }
  }
  return {};
}

}  // namespace mailweir::lab
