#include "tests/world/site.h"

#include <atomic>
#include <limits>
#include <mutex>
#include <thread>
#include <unordered_set>

#include "base/must.h"
#include "detect/destination_group.h"

namespace mailweir::world {
namespace {

// Each population and client has numbers of its own, however the clients are spread over sites.
std::uint64_t seed_of(std::uint64_t seed, std::string_view population, std::uint64_t client) {
  for (const char letter : population) seed = Random(seed ^ static_cast<unsigned char>(letter)).next();
  return Random(seed + client).next();
}

struct Actor {
  std::uint32_t crowd = 0;
  std::uint32_t connections = 0;
  Time first{};
  bool asked = false, called = false;
  std::int64_t day = 0;
  float highest_today = 0;
};

class Site {
 public:
  Site(const std::vector<Crowd>& crowds, const Run& run) : run_(run), tallies_(crowds.size()) {
    for (std::size_t i = 0; i < crowds.size(); ++i) {
      tallies_[i].name = crowds[i].population.name;
      tallies_[i].kind = crowds[i].population.kind;
    }
  }

  void add(std::uint32_t crowd, const Population& population, unsigned client) {
    const auto actor = static_cast<std::uint32_t>(actors_.size());
    actors_.push_back({.crowd = crowd});
    Script script(actor, seed_of(run_.seed, population.name, client), run_.days, sights_);
    population.live(script);
    if (population.registered) {
      for (const IpPrefix& prefix : prefixes_of(actor)) mail_servers_.push_back(prefix);
    }
    ++tallies_[crowd].clients;
    tallies_[crowd].client_days += run_.days;
  }

  std::vector<Tally> live(const MakeJudge& make) {
    const std::unique_ptr<Judge> judge = make(mail_servers_);
    const Time end = first_midnight() + std::chrono::days(run_.days);
    for (const std::uint32_t index : in_time_order()) {
      const Sight& sight = sights_[index];
      Actor& actor = actors_[sight.actor];
      if (actor.called || sight.event.time >= end) continue;  // a retry may lie past the last midnight
      count(sight, actor);
      calls_.clear();
      judge->see(sight, calls_);
      for (const Call& call : calls_) note(call, sight.event.time);
      if (run_.survival) survive(sight, actor, judge->score(sight));
    }
    for (Actor& actor : actors_) {
      Tally& tally = tallies_[actor.crowd];
      if (actor.asked && !actor.called) ++tally.asked;
      if (run_.survival) end_day(actor);
    }
    return std::move(tallies_);
  }

 private:
  std::vector<std::uint32_t> in_time_order() const {
    std::vector<std::pair<std::int64_t, std::uint32_t>> keys(sights_.size());
    for (std::uint32_t i = 0; i < sights_.size(); ++i) keys[i] = {sights_[i].event.time.time_since_epoch().count(), i};
    std::sort(keys.begin(), keys.end());
    std::vector<std::uint32_t> order(keys.size());
    std::transform(keys.begin(), keys.end(), order.begin(), [](const auto& key) { return key.second; });
    return order;
  }

  void count(const Sight& sight, Actor& actor) {
    if (sight.kind != Sight::Kind::Connection) return;
    Tally& tally = tallies_[actor.crowd];
    if (sight.event.kind == ConnectionEvent::Kind::Opened) {
      if (actor.connections++ == 0) actor.first = sight.event.time;
      ++tally.connections;
    }
    if (sight.event.outcome == Outcome::Delivered) ++tally.delivered;
  }

  void note(const Call& call, Time now) {
    Actor& actor = actors_[call.actor];
    Tally& tally = tallies_[actor.crowd];
    if (call.kind == Call::Kind::Ask) {
      actor.asked = true;
    } else if (!actor.called) {
      actor.called = true;
      tally.connections_to_verdict.push_back(actor.connections);
      const double after = actor.connections == 0 ? 0 : seconds(now - actor.first);
      tally.minutes_to_verdict.push_back(static_cast<float>(after / 60));
    }
  }

  void survive(const Sight& sight, Actor& actor, double score) {
    const std::int64_t day = sight.event.time.time_since_epoch() / std::chrono::days(1);
    if (day != actor.day) {
      end_day(actor);
      actor.day = day;
    }
    actor.highest_today = std::max(actor.highest_today, static_cast<float>(score));
    if (sight.kind != Sight::Kind::Connection || sight.event.kind != ConnectionEvent::Kind::Opened) return;
    const DestinationGroup group = destination_group(sight.event.server);
    const std::uint64_t contact =
        Random(group.base.high ^ group.base.low ^ std::uint64_t{group.provider} << 48 ^ sight.event.client.high << 13 ^
               sight.event.client.low << 24 ^ std::uint64_t(day) << 32 ^ (sight.event.server_port == 25 ? 1U : 0U))
            .next();
    if (contacts_.insert(contact).second) ++tallies_[actor.crowd].first_contacts;
  }

  void end_day(Actor& actor) {
    Tally& tally = tallies_[actor.crowd];
    for (std::size_t i = 0; i < Tally::kLevels.size(); ++i) {
      if (actor.highest_today >= Tally::kLevels[i]) ++tally.reached[i];
    }
    tally.highest = std::max(tally.highest, double{actor.highest_today});
    actor.highest_today = 0;
  }

  const Run& run_;
  std::vector<Tally> tallies_;
  std::vector<Actor> actors_;
  std::vector<Sight> sights_;
  std::vector<IpPrefix> mail_servers_;
  std::vector<Call> calls_;
  std::unordered_set<std::uint64_t> contacts_;
};

void merge(Tally& into, Tally&& part) {
  into.name = part.name;
  into.kind = part.kind;
  into.clients += part.clients;
  into.client_days += part.client_days;
  into.connections += part.connections;
  into.delivered += part.delivered;
  into.asked += part.asked;
  into.connections_to_verdict.insert(into.connections_to_verdict.end(), part.connections_to_verdict.begin(),
                                     part.connections_to_verdict.end());
  into.minutes_to_verdict.insert(into.minutes_to_verdict.end(), part.minutes_to_verdict.begin(),
                                 part.minutes_to_verdict.end());
  for (std::size_t i = 0; i < Tally::kLevels.size(); ++i) into.reached[i] += part.reached[i];
  into.highest = std::max(into.highest, part.highest);
  into.first_contacts += part.first_contacts;
}

std::vector<Tally> live_site(const std::vector<Crowd>& crowds, const MakeJudge& make, const Run& run, unsigned number) {
  Site site(crowds, run);
  for (std::uint32_t i = 0; i < crowds.size(); ++i) {
    const std::uint64_t clients = crowds[i].clients;
    const auto first = static_cast<unsigned>(clients * number / run.sites);
    const auto end = static_cast<unsigned>(clients * (number + 1) / run.sites);
    for (unsigned client = first; client < end; ++client) site.add(i, crowds[i].population, client);
  }
  return site.live(make);
}

}  // namespace

std::vector<Tally> live_through(const std::vector<Crowd>& crowds, const MakeJudge& make, const Run& run) {
  std::vector<Tally> all(crowds.size());
  std::mutex lock;
  std::atomic<unsigned> next = 0;
  const auto work = [&] {
    for (unsigned number = next++; number < run.sites; number = next++) {
      std::vector<Tally> part = live_site(crowds, make, run, number);
      const std::lock_guard guard(lock);
      for (std::size_t i = 0; i < all.size(); ++i) merge(all[i], std::move(part[i]));
    }
  };
  std::vector<std::thread> others;
  for (unsigned i = 1; i < run.threads; ++i) others.emplace_back(work);
  work();
  for (std::thread& other : others) other.join();
  for (Tally& tally : all) {
    std::sort(tally.connections_to_verdict.begin(), tally.connections_to_verdict.end());
    std::sort(tally.minutes_to_verdict.begin(), tally.minutes_to_verdict.end());
  }
  return all;
}

namespace {
template <typename Value>
Value at_quantile(const std::vector<Value>& ascending, double quantile, std::uint64_t of, Value missing) {
  const auto rank = static_cast<std::size_t>(quantile * static_cast<double>(of));
  return rank < ascending.size() ? ascending[rank] : missing;
}
double share_of(std::uint64_t part, std::uint64_t whole) {
  return whole == 0 ? 0 : static_cast<double>(part) / static_cast<double>(whole);
}
}  // namespace

double Tally::called_share() const { return share_of(called(), clients); }
double Tally::asked_share() const { return share_of(asked, clients); }
std::uint32_t Tally::connections_at(double quantile) const {
  return at_quantile(connections_to_verdict, quantile, clients, UINT32_MAX);
}
double Tally::minutes_at(double quantile) const {
  return at_quantile(minutes_to_verdict, quantile, clients, std::numeric_limits<float>::infinity());
}
double Tally::survival_bound(std::size_t level) const {
  return std::min(1.0, share_of(first_contacts, client_days) * std::exp(-kLevels[level]));
}
double Tally::survival_seen(std::size_t level) const { return share_of(reached[level], client_days); }

const Tally& tally_of(const std::vector<Tally>& tallies, std::string_view name) {
  const auto found =
      std::find_if(tallies.begin(), tallies.end(), [&](const Tally& tally) { return tally.name == name; });
  MUST(found != tallies.end());
  return *found;
}

}  // namespace mailweir::world
