#include "lab/demo.h"

#include <poll.h>
#include <cstdio>
#include <fmt/format.h>
#include "lab/crew.h"
#include "lab/enclosure.h"
#include "lab/places.h"
#include "lab/topology.h"
#include "sys/process.h"
#include "sys/clock.h"

namespace mailweir::lab {

Result<int> run_demo(const DemoOptions& options) {
  const Population population = populate({options.clients, std::chrono::seconds(options.seconds), options.seed});
  auto board = Scoreboard::create(population);
  if (!board) return fail(std::move(board).error());
  return run_enclosed([&] {
    auto go = [&]() -> Result<void> {
      const SystemClock clock;
      const Time t0 = clock.now();
      auto topology = build_topology();
      if (!topology) return fail(std::move(topology).error());
      auto crew = Crew::hire(*topology, population, *board);
      if (!crew) return fail(std::move(crew).error());
      const Time start = clock.now() + std::chrono::milliseconds(50);
      fmt::print("setup {} us\n", (start - t0).count());
      if (auto b = crew->begin(start, start + std::chrono::seconds(options.seconds)); !b) return b;
      pollfd p{crew->finished_fd(), POLLIN, 0};
      while (poll(&p, 1, 1000) == 0) {
        std::uint64_t opened = 0, est = 0, del = 0, rej = 0, put = 0, ref = 0, un = 0, cut = 0, acc = 0, up = 0;
        for (auto& t : board->clients()) opened += t.opened, est += t.established, del += t.delivered, rej += t.rejected, put += t.put_off, ref += t.refused, un += t.unanswered, cut += t.cut, acc += t.accepted, up += t.given_up;
        fmt::print("{} opened {} est {} del {} rej {} put {} ref {} un {} cut {} acc {} givenup {} | in open {} postponed {} out open {} strangers {} {}\n", (clock.now() - start).count() / 1000, opened, est, del, rej, put, ref, un, cut, acc, up, board->inside().open_connections.load(), board->inside().postponed.load(), board->outside().open_connections.load(), board->inside().strangers_mail.load(), board->outside().strangers_mail.load());
        std::fflush(stdout);
      }
      for (std::size_t n = 0; n < population.clients.size(); ++n) if (population.clients[n].trade >= Trade::Printer || population.clients[n].trade == Trade::SmarthostUser) {
        auto& t = board->clients()[n];
        fmt::print("{:25} {:30} opened {} est {} del {} rej {} put {} ref {} un {} cut {} acc {} up {}\n", name_of(population.clients[n].trade), population.clients[n].address.text(), t.opened.load(), t.established.load(), t.delivered.load(), t.rejected.load(), t.put_off.load(), t.refused.load(), t.unanswered.load(), t.cut.load(), t.accepted.load(), t.given_up.load());
      }
      fmt::print("{}", run_process({"sh", "-c", "cat /proc/sys/net/netfilter/nf_conntrack_count; nft list ruleset | head -5; ip -br a"})->out);
      return {};
    };
    auto r = go();
    if (!r) fmt::print(stderr, "{}\n", r.error().text());
    return r ? 0 : 4;
  });
}

}  // namespace mailweir::lab
