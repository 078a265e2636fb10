#include "bench/peers/rules.h"

#include <cmath>
#include <deque>
#include <set>
#include <unordered_map>
#include <unordered_set>

namespace mailweir::bench {
namespace {

using world::Call;
using world::Sight;

bool opens(const Sight& sight) {
  return sight.kind == Sight::Kind::Connection && sight.event.kind == ConnectionEvent::Kind::Opened;
}

class WindowJudge : public world::Judge {
 public:
  explicit WindowJudge(WindowRule rule) : rule_(rule) {}

  void see(const Sight& sight, std::vector<Call>& calls) override {
    if (sight.kind == Sight::Kind::MxQuery && rule_.mx_convicts) calls.push_back({sight.actor, Call::Kind::Spammer});
    if (!opens(sight)) return;
    auto& seen = clients_[sight.event.client];
    while (!seen.empty() && seen.front().first + rule_.window <= sight.event.time) seen.pop_front();
    seen.emplace_back(sight.event.time, sight.event.server);
    if (count(seen) >= rule_.limit) calls.push_back({sight.actor, Call::Kind::Spammer});
  }

 private:
  using Seen = std::deque<std::pair<Time, IpAddress>>;

  [[nodiscard]] std::size_t count(const Seen& seen) const {
    if (!rule_.distinct_servers || seen.size() < rule_.limit) return seen.size();
    std::set<IpAddress> servers;
    for (const auto& [time, server] : seen) servers.insert(server);
    return servers.size();
  }

  WindowRule rule_;
  std::unordered_map<IpAddress, Seen> clients_;
};

class RandomWalkJudge : public world::Judge {
 public:
  explicit RandomWalkJudge(double nats) : nats_(nats) {}

  void see(const Sight& sight, std::vector<Call>& calls) override {
    if (sight.kind != Sight::Kind::Connection || sight.event.kind != ConnectionEvent::Kind::Judged) return;
    Client& client = clients_[sight.event.client];
    if (!client.contacted.insert(sight.event.server).second) return;
    static const double step = std::log(0.8 / 0.2);
    const bool failed = sight.event.outcome == Outcome::NoAnswer || sight.event.outcome == Outcome::Refused;
    client.walk += failed ? step : -step;
    if (client.walk <= -nats_) client.walk = 0;
    if (client.walk >= nats_) calls.push_back({sight.actor, Call::Kind::Spammer});
  }

 private:
  struct Client {
    double walk = 0;
    std::unordered_set<IpAddress> contacted;
  };
  double nats_;
  std::unordered_map<IpAddress, Client> clients_;
};

class SingleTestJudge : public world::Judge {
 public:
  SingleTestJudge(double nats, world::Sightlines sightlines) : nats_(nats), detector_({}, sightlines) {}

  void see(const Sight& sight, std::vector<Call>& calls) override {
    std::vector<Call> ignored;
    detector_.see(sight, ignored);
    if (detector_.score(sight) >= nats_) calls.push_back({sight.actor, Call::Kind::Spammer});
  }

 private:
  double nats_;
  world::DetectorJudge detector_;
};

}  // namespace

std::unique_ptr<world::Judge> window_judge(WindowRule rule) { return std::make_unique<WindowJudge>(rule); }
std::unique_ptr<world::Judge> random_walk_judge(double nats) { return std::make_unique<RandomWalkJudge>(nats); }
std::unique_ptr<world::Judge> single_test_judge(double nats, world::Sightlines sightlines) {
  return std::make_unique<SingleTestJudge>(nats, sightlines);
}

}  // namespace mailweir::bench
