#include "lab/demo.h"

#include <fmt/format.h>
#include <poll.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <utility>

#include "lab/closing.h"
#include "lab/crew.h"
#include "lab/guard_process.h"
#include "lab/population.h"
#include "lab/scoreboard.h"
#include "lab/screen.h"
#include "lab/topology.h"
#include "sys/clock.h"
#include "sys/enclosure.h"

namespace mailweir::lab {
namespace {

constexpr int kRepaintMs = 200;
// The last connections' outcomes reach the guard after the traffic ends.
constexpr int kSettleMs = 500;

class Demo {
 public:
  Demo(const DemoOptions& options, const Population& population, const Scoreboard& board)
      : options_(options),
        population_(population),
        board_(board),
        screen_(options.quiet  ? Screen::Manner::Silent
                : options.live ? Screen::Manner::Repaint
                               : Screen::Manner::Lines,
                options.live_color) {}

  // REQUIRES: run_enclosed().
  Result<int> run() {
    const Time begun = clock_.now();
    auto topology = build_topology();
    if (!topology) return fail(std::move(topology).error());
    auto crew = Crew::hire(*topology, population_, board_);
    if (!crew) return fail(std::move(crew).error());
    auto guard = GuardProcess::start(options_.program);
    if (!guard) return fail(std::move(guard).error());
    if (auto watched = watch(*crew, *guard); !watched) return fail(std::move(watched).error());
    screen_.clear();

    const Closing closing{figures_of(population_, board_, guard->view()), seconds(clock_.now() - begun), options_.seed};
    const std::string text = options_.json ? closing_json(closing) : closing_text(closing, Painter(options_.color));
    std::fputs(text.c_str(), stdout);
    return expectation_held(closing.figures) ? 0 : 1;
  }

 private:
  // From the first errand to the guard's last word.
  Result<void> watch(Crew& crew, GuardProcess& guard) {
    const Time start = clock_.now();
    const Duration length = std::chrono::seconds(options_.seconds);
    if (auto begun = crew.begin(start, start + length); !begun) return begun;
    std::array<pollfd, 2> waiting{{{guard.fd(), POLLIN, 0}, {crew.finished_fd(), POLLIN, 0}}};
    Time next_paint = start;
    while ((waiting[1].revents & (POLLIN | POLLHUP)) == 0) {
      poll(waiting.data(), waiting.size(), kRepaintMs);
      if (!guard.listen()) return fail(guard.ended());
      const Time now = clock_.now();
      if (now < next_paint) continue;
      next_paint = now + std::chrono::milliseconds(kRepaintMs);
      if (auto looked = guard.look(); !looked) return looked;
      screen_.show(figures_of(population_, board_, guard.view()),
                   {std::min(now - start, length), length, options_.seed, board_.inside().open_connections});
    }
    poll(nullptr, 0, kSettleMs);
    if (auto looked = guard.look(); !looked) return looked;
    return guard.stop();
  }

  const DemoOptions& options_;
  const Population& population_;
  const Scoreboard& board_;
  const SystemClock clock_;
  Screen screen_;
};

}  // namespace

Result<int> run_demo(const DemoOptions& options) {
  const Population population = populate({options.clients, std::chrono::seconds(options.seconds), options.seed});
  const auto board = Scoreboard::create(population);
  if (!board) return fail(board.error());
  return run_enclosed(Walls::All, [&] {
    const auto status = Demo(options, population, *board).run();
    if (status) return *status;
    fmt::print(stderr, "mailweir: {}\n", status.error().text());
    return exit_status(status.error().code());
  });
}

}  // namespace mailweir::lab
