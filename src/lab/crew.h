// The two processes that make the traffic: everybody's mail programs inside, everybody's mail servers outside.
//
// Invariant: no process of the crew outlives this object or the process that holds it.
#pragma once

#include <sys/types.h>

#include "base/result.h"
#include "base/time.h"
#include "lab/population.h"
#include "lab/scoreboard.h"
#include "lab/topology.h"
#include "sys/fd.h"

namespace mailweir::lab {

class Crew {
 public:
  // Both processes listen when this returns. `board` and `population` are shared with them.
  static Result<Crew> hire(const Topology& topology, const Population& population, const Scoreboard& board);
  Crew(Crew&&) = default;
  Crew& operator=(Crew&&) = default;

  // Everybody goes about their errands from `start` to `end`.
  [[nodiscard]] Result<void> begin(Time start, Time end);
  // Becomes readable when the clients' side has finished.
  [[nodiscard]] int finished_fd() const { return inside_.channel.get(); }

 private:
  struct Process {
    Process() = default;
    Process(Process&& other) noexcept;
    Process& operator=(Process&& other) noexcept;
    ~Process();
    pid_t pid = 0;
    Fd channel;  // to us: "+" when it listens, the end of file when it is done. From us: the times.
  };
  Crew() = default;
  template <typename Work>
  static Result<Process> start_process(const NetworkNamespace& where, const Work& work);

  Process inside_, outside_;
};

}  // namespace mailweir::lab
