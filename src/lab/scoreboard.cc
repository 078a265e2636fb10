#include "lab/scoreboard.h"

#include <sys/mman.h>

#include <algorithm>
#include <cerrno>
#include <memory>
#include <utility>

namespace mailweir::lab {
namespace {

constexpr std::size_t aligned(std::size_t size) { return (size + 63) / 64 * 64; }

}  // namespace

Result<Scoreboard> Scoreboard::create(const Population& population) {
  Scoreboard board;
  board.log_numbers_.reserve(population.clients.size());
  std::int32_t logs = 0;
  for (const Client& client : population.clients) board.log_numbers_.push_back(is_abuser(client.trade) ? logs++ : -1);

  const std::size_t tallies = aligned(population.clients.size() * sizeof(ClientTally));
  const std::size_t open_logs = aligned(static_cast<std::size_t>(logs) * sizeof(AbuserLog));
  board.size_ = tallies + open_logs + 2 * sizeof(SideTally);
  void* memory = mmap(nullptr, board.size_, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) return fail(Error::from_errno(errno, "reserving shared memory for the scoreboard"));
  board.memory_ = memory;

  auto* bytes = static_cast<std::byte*>(memory);
  auto* clients = static_cast<ClientTally*>(memory);
  std::uninitialized_value_construct_n(clients, population.clients.size());
  void* log_place = bytes + tallies;
  auto* open_log = static_cast<AbuserLog*>(log_place);
  std::uninitialized_value_construct_n(open_log, logs);
  void* side_place = bytes + tallies + open_logs;
  auto* sides = static_cast<SideTally*>(side_place);
  std::uninitialized_value_construct_n(sides, 2);
  board.clients_ = {clients, population.clients.size()};
  board.logs_ = {open_log, static_cast<std::size_t>(logs)};
  board.sides_ = {sides, 2};
  return board;
}

Scoreboard::Scoreboard(Scoreboard&& other) noexcept
    : memory_(std::exchange(other.memory_, nullptr)),
      size_(other.size_),
      clients_(other.clients_),
      logs_(other.logs_),
      sides_(other.sides_),
      log_numbers_(std::move(other.log_numbers_)) {}

Scoreboard::~Scoreboard() {
  if (memory_ != nullptr) munmap(memory_, size_);
}

AbuserLog* Scoreboard::log_to_write(std::uint32_t client) const {
  const std::int32_t log = log_numbers_[client];
  return log < 0 ? nullptr : &logs_[static_cast<std::size_t>(log)];
}

const AbuserLog* Scoreboard::log_of(std::uint32_t client) const { return log_to_write(client); }

void Scoreboard::note_opened(std::uint32_t client, Time now) const {
  ++clients_[client].opened;
  if (AbuserLog* log = log_to_write(client)) log->opened.note(now);
}

void Scoreboard::note_accepted(std::uint32_t client, Time now) const {
  ++clients_[client].accepted;
  if (AbuserLog* log = log_to_write(client)) log->accepted.note(now);
}

void TimeLog::note(Time time) {
  const std::uint32_t n = count;
  if (n >= kTimesMax) return;
  at_us[n] = time.time_since_epoch().count();
  count = n + 1;
}

std::uint32_t TimeLog::until(Time time) const {
  const std::uint32_t all = count;
  std::uint32_t n = 0;
  while (n < all && at_us[n] <= time.time_since_epoch().count()) ++n;
  return n;
}

}  // namespace mailweir::lab
