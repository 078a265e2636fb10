// Thousands of SMTP dialogues in one process: connects for the clients, answers for the servers, over real sockets.
//
// In:  errands with their times, listening addresses.   Out: mail, and the scoreboard.
// Invariants
//   (1) Every attempt is counted before its first packet, and ends in exactly one of the scoreboard's endings.
//   (2) Holds at most limits.connections_max connections; an errand that finds none free waits, and is counted.
// Threads: one process per side, nothing shared but the scoreboard.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "base/ip.h"
#include "base/result.h"
#include "base/time.h"
#include "lab/population.h"
#include "lab/scoreboard.h"
#include "sys/clock.h"

namespace mailweir::lab {

struct TrafficLimits {
  std::uint32_t connections_max = 16'384;
  Duration answer_wait = std::chrono::milliseconds(3'500);  // two retransmitted SYNs (after 1 s and 3 s), then no more
  Duration dialogue_max = std::chrono::seconds(8);          // nobody is so slow here; cut connections end so
  Duration retry_after = std::chrono::milliseconds(3'000);  // doubles with every retry
  Duration greylist_wait = std::chrono::milliseconds(2'500);
  Duration banner_wait_max = std::chrono::milliseconds(120);  // servers take time to look who is calling
  Duration drain_max = std::chrono::milliseconds(1'500);      // dialogues may end after the end
};

class Traffic {
 public:
  Traffic(const Clock& clock, const Scoreboard& board, SideTally& side, TrafficLimits limits);
  ~Traffic();

  [[nodiscard]] Result<void> listen(IpAddress address, std::uint16_t port);
  // REQUIRES: in order of time. Called once.
  void assign(std::vector<Errand> errands);
  // Serves until `end` and lets open dialogues come to theirs.
  [[nodiscard]] Result<void> run(Time start, Time end);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace mailweir::lab
