#include "replay/judges.h"

#include <algorithm>

#include "ingest/mx_query.h"

namespace mailweir {
namespace {

// Together as many connections as a gateway of 10,000 clients has at once, with room for a flood.
constexpr std::uint32_t kConnectionsMax = 16'384;  // of each judge

// Files do not choose their own hash collisions against a later run, and a fixed key makes every run alike.
constexpr KeyedHash::Key kKey{'m', 'a', 'i', 'l', 'w', 'e', 'i', 'r', ' ', 'r', 'e', 'p', 'l', 'a', 'y', '1'};

// Told to the detector at once: so many stay in the first-level cache.
constexpr std::size_t kEventsTold = 256;

// Between follower and detector; empty between two tasks. One a thread, which stays in its cache, instead of one a
// judge.
thread_local std::vector<ConnectionEvent> events_here;

DetectSettings share_of(DetectSettings settings) {
  settings.clients_max = std::max(1U, settings.clients_max / static_cast<std::uint32_t>(Judges::kJudges));
  return settings;
}

}  // namespace

Judges::Judge::Judge(const DetectSettings& settings)
    : follower(FollowerLimits{.connections_max = kConnectionsMax}), detector(settings, KeyedHash(kKey)) {}

void Judges::Judge::tell(std::vector<ConnectionEvent>& events) {
  detector.observe(events);
  events.clear();
}

void Judges::Judge::observe(const PacketSighting& packet, bool from_client, std::vector<ConnectionEvent>& events) {
  if (packet.mx_name != 0) {
    detector.observe(asked_mx(packet));
    return;
  }
  follower.observe(packet, from_client, events);
  if (events.size() >= kEventsTold) tell(events);
}

Judges::Judges(const DetectSettings& settings) : v6_client_length_(settings.v6_client_length) {
  judges_.reserve(kJudges);
  for (std::size_t i = 0; i < kJudges; ++i) judges_.emplace_back(share_of(settings));
}

void Judges::add(const PacketSighting& packet, std::span<const PlainSyn> plain, Time time, bool from_client) {
  const auto like = static_cast<std::uint32_t>(likes_.size());
  likes_.emplace_back(packet).time = time;
  queued_ += std::max<std::size_t>(plain.size(), 1);
  if (plain.empty()) {
    const IpAddress client = client_base(from_client ? packet.source : packet.destination, v6_client_length_);
    queue_of(client).push_back({.like = like, .plain = false, .from_client = from_client, .own = {}});
  }
  for (const PlainSyn& syn : plain) {
    queue_of(IpAddress::v4(from_client ? syn.source : syn.destination))
        .push_back({.like = like, .plain = true, .from_client = from_client, .own = syn});
  }
}

void Judges::judge(std::size_t number) {
  Judge& judge = judges_[number];
  judge.follower.fetch();
  PacketSighting packet;
  const PacketSighting* like = nullptr;  // of which `packet` is
  for (const Item& item : judge.queue) {
    if (like != &likes_[item.like]) packet = *(like = &likes_[item.like]);
    if (item.plain) item.own.put_into(packet);
    judge.observe(packet, item.from_client, events_here);
  }
  judge.tell(events_here);
  judge.queue.clear();
}

void Judges::finish(Time end, WorkerPool& workers) {
  workers.run(kJudges, [&](std::size_t i) {
    Judge& judge = judges_[i];
    judge.follower.advance(end, events_here);
    judge.follower.finish(events_here);
    judge.tell(events_here);
  });
}

std::vector<ClientReport> Judges::reports() const {
  std::vector<ClientReport> all;
  std::size_t clients = 0;
  for (const Judge& judge : judges_) clients += judge.detector.counters().clients;
  all.reserve(clients);
  for (const Judge& judge : judges_) judge.detector.append_reports(all);
  sort_by_score(all);
  return all;
}

std::uint64_t Judges::forgotten_clients() const {
  std::uint64_t sum = 0;
  for (const Judge& judge : judges_) sum += judge.detector.counters().forgotten_clients;
  return sum;
}

UplinkVotes Judges::uplink(Time now) const {
  UplinkVotes sum;
  for (const Judge& judge : judges_) sum += judge.detector.uplink(now);
  return sum;
}

FollowerCounters Judges::connections() const {
  FollowerCounters sum;
  for (const Judge& judge : judges_) {
    const FollowerCounters one = judge.follower.counters();
    sum.connections += one.connections;
    sum.given_up += one.given_up;
    sum.retransmissions += one.retransmissions;
    sum.duplicates += one.duplicates;
    sum.midstream += one.midstream;
  }
  return sum;
}

}  // namespace mailweir
