#include "dns/resolver.h"

#include <algorithm>

#include "base/address_scope.h"
#include "base/must.h"

namespace mailweir {

struct Resolver::Servers {
  std::vector<Endpoint> endpoints;
  bool recursion_desired = true;
  std::size_t preferred = 0;  // who answered last
};

// A question on its way: to whom it went, and who waits for it.
struct Resolver::Flight {
  CacheKey key;
  Group group = 0;
  std::size_t at = 0;      // index of the server it is with
  int silent_tries = 0;    // tries nobody answered
  std::size_t failed = 0;  // servers that answered with a failure
  std::vector<Asked*> waiting;
  Known failure;  // the last one
};

namespace {

DnsOutcome outcome_of(const DoorReply& reply) {
  switch (reply.how) {
    case DoorReply::How::Broken:
      return DnsOutcome::Broken;
    case DoorReply::How::TimedOut:
      return DnsOutcome::TimedOut;
    case DoorReply::How::Unreachable:
      return DnsOutcome::Unreachable;
    case DoorReply::How::NotAsked:
      return DnsOutcome::NotAsked;
    case DoorReply::How::Answered:
      break;
  }
  switch (reply.message.code) {
    case ResponseCode::NoError:
      return DnsOutcome::Answered;
    case ResponseCode::NxDomain:
      return DnsOutcome::NoName;
    case ResponseCode::ServFail:
      return DnsOutcome::ServFail;
    case ResponseCode::Refused:
      return DnsOutcome::Refused;
    default:
      return DnsOutcome::OtherCode;
  }
}

bool settles(DnsOutcome outcome) {
  return outcome == DnsOutcome::Answered || outcome == DnsOutcome::NoName || outcome == DnsOutcome::NotAsked;
}

bool is_silence(DnsOutcome outcome) { return outcome == DnsOutcome::TimedOut || outcome == DnsOutcome::Unreachable; }

}  // namespace

Resolver::Resolver(DnsDoor& door, const Clock& clock, ResolverLimits limits)
    : door_(door), clock_(clock), limits_(limits), cache_(limits.cache_max) {}
Resolver::~Resolver() = default;

Resolver::Group Resolver::group(const std::vector<Endpoint>& servers, bool recursion_desired) {
  MUST(!servers.empty());
  const auto known = std::find_if(groups_.begin(), groups_.end(), [&](const auto& one) {
    return one->endpoints == servers && one->recursion_desired == recursion_desired;
  });
  if (known != groups_.end()) return static_cast<Group>(known - groups_.begin());
  groups_.push_back(std::make_unique<Servers>(Servers{servers, recursion_desired, 0}));
  return static_cast<Group>(groups_.size() - 1);
}

Resolver::Asked Resolver::ask(Group group, const Question& question) { return {*this, group, question}; }

bool Resolver::Asked::await_ready() {
  answer_ = resolver_.cache_.find({group_, question_.type, question_.name}, resolver_.clock_.now());
  if (answer_ != nullptr) ++resolver_.counts_.from_cache;
  return answer_ != nullptr;
}

ServerQueue& Resolver::server(const Endpoint& endpoint, bool recursion_desired) {
  auto& queue = servers_[{endpoint, recursion_desired}];
  if (queue == nullptr) {
    const AddressScope scope = scope_of(endpoint.address);
    const bool near = scope == AddressScope::Loopback || scope == AddressScope::Private;
    const ServerQueueLimits limits{near ? limits_.near_window : limits_.far_window,
                                   near ? limits_.near_rate : limits_.far_rate, limits_.silent_max,
                                   limits_.probe_after};
    queue = std::make_unique<ServerQueue>(limits, clock_.now());
  }
  return *queue;
}

void Resolver::begin(Asked& asked) {
  CacheKey key{asked.group_, asked.question_.type, asked.question_.name};
  if (const auto found = under_way_.find(key); found != under_way_.end()) {
    flights_.at(found->second).waiting.push_back(&asked);
    return;
  }
  const std::uint64_t id = next_id_++;
  under_way_.emplace(key, id);
  Flight& flight = flights_[id];
  flight.key = std::move(key);
  flight.group = asked.group_;
  flight.at = groups_[asked.group_]->preferred;
  flight.waiting.push_back(&asked);
  queue(id);
}

// To its server; past servers that are known to be silent, when there is another.
void Resolver::queue(std::uint64_t id) {
  Flight& flight = flights_.at(id);
  const Servers& servers = *groups_[flight.group];
  const Time now = clock_.now();
  for (std::size_t i = 0; i < servers.endpoints.size(); ++i) {
    const std::size_t at = (flight.at + i) % servers.endpoints.size();
    ServerQueue& candidate = server(servers.endpoints[at], servers.recursion_desired);
    if (candidate.silent(now)) continue;
    flight.at = at;
    candidate.add(id);
    return;
  }
  // Nobody answers at all: this is known, and asking a thousand times more would only take long.
  Known answer = flight.failure;
  if (answer == nullptr) {
    DnsAnswer silence;
    silence.server = servers.endpoints[flight.at];
    answer = std::make_shared<const DnsAnswer>(std::move(silence));
  }
  finish(id, std::move(answer), false);
}

void Resolver::send_what_may() {
  const Time now = clock_.now();
  for (auto& [key, queue] : servers_) {
    while (const auto id = queue->next(now)) {
      const Flight& flight = flights_.at(*id);
      ++counts_.questions;
      door_.ask(key.first, {flight.key.name, flight.key.type}, key.second, *id);
    }
  }
}

bool Resolver::try_elsewhere(Flight& flight, std::uint64_t id, bool silent) {
  const std::size_t servers = groups_[flight.group]->endpoints.size();
  const bool more = silent ? ++flight.silent_tries < limits_.tries : ++flight.failed < servers;
  if (!more) return false;
  if (silent && groups_[flight.group]->preferred == flight.at)
    groups_[flight.group]->preferred = (flight.at + 1) % servers;
  flight.at = (flight.at + 1) % servers;
  ++counts_.retries;
  queue(id);
  return true;
}

void Resolver::took(DoorReply reply) {
  const auto found = flights_.find(reply.id);
  if (found == flights_.end()) return;
  Flight& flight = found->second;
  Servers& servers = *groups_[flight.group];
  ServerQueue& from = server(servers.endpoints[flight.at], servers.recursion_desired);
  const DnsOutcome outcome = outcome_of(reply);
  const bool silent = is_silence(outcome);
  if (silent) {
    ++counts_.timeouts;
    from.lost(clock_.now());
  } else {
    from.answered();
  }
  DnsAnswer answer;
  answer.outcome = outcome;
  answer.server = servers.endpoints[flight.at];
  answer.message = std::move(reply.message);
  auto known = std::make_shared<const DnsAnswer>(std::move(answer));
  // A failure somebody told tells more than a later silence.
  if (!settles(outcome) && (!silent || flight.failure == nullptr)) flight.failure = known;
  if (settles(outcome)) servers.preferred = flight.at;
  if (settles(outcome) || !try_elsewhere(flight, reply.id, silent))
    finish(reply.id, settles(outcome) ? known : flight.failure, true);
  // What waits for a server that turned out to be dead goes elsewhere, or ends.
  if (silent && from.dead())
    for (const std::uint64_t waiting : from.give_up()) queue(waiting);
}

void Resolver::finish(std::uint64_t id, Known answer, bool keep) {
  auto flight = flights_.extract(id);
  under_way_.erase(flight.mapped().key);
  if (keep) {
    const Time now = clock_.now();
    const Duration kept = time_to_keep(*answer, limits_.failure_kept, limits_.kept_max);
    cache_.keep(flight.mapped().key, answer, now + kept, now);
    counts_.forgotten = cache_.forgotten();
  }
  for (Asked* asked : flight.mapped().waiting) {
    asked->answer_ = answer;
    ready_.push_back(asked->waiting_);
  }
}

void Resolver::resume_the_ready() {
  while (!ready_.empty()) {
    const auto next = ready_.front();
    ready_.pop_front();
    next.resume();  // may ask more, and more may become ready
  }
}

void Resolver::step() {
  for (DoorReply& reply : door_.take()) took(std::move(reply));
  resume_the_ready();
  send_what_may();
  resume_the_ready();
}

Duration Resolver::patience() const {
  Duration shortest = door_.check_every();
  const Time now = clock_.now();
  for (const auto& [key, queue] : servers_)
    if (const auto until = queue->until_next(now)) shortest = std::min(shortest, *until);
  return ready_.empty() ? shortest : Duration{0};
}

}  // namespace mailweir
