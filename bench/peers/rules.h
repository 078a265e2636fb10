// Methods that others use or published, as small as they are: the baselines B1 to B5 of docs/detection.md, section 4.
//
// Each sees the same sights as our detector and keeps whatever it likes about every client: none is bounded.
#pragma once

#include <cstdint>
#include <memory>

#include "tests/world/judge.h"

namespace mailweir::bench {

// Calls a client a spammer at its `limit`-th connection, or distinct server, within the window; and at its first MX
// query, if that is asked for.
struct WindowRule {
  Duration window{};
  unsigned limit = 0;
  bool distinct_servers = false;
  bool mx_convicts = false;
};
[[nodiscard]] std::unique_ptr<world::Judge> window_judge(WindowRule rule);

// Threshold random walk (Jung, Paxson, Berger, Balakrishnan 2004) over first contacts: an honest client's succeed in
// 80 of 100 cases, a spammer's in 20. Called a spammer when the walk reaches `nats`; it restarts at the other end.
[[nodiscard]] std::unique_ptr<world::Judge> random_walk_judge(double nats);

// L alone, without M and without the guard of section 3.4.
[[nodiscard]] std::unique_ptr<world::Judge> single_test_judge(double nats, world::Sightlines sightlines);

}  // namespace mailweir::bench
