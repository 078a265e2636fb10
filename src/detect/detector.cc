#include "detect/detector.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <unordered_map>

#include "base/mail_ports.h"
#include "detect/client_table.h"
#include "detect/destination_count.h"
#include "detect/destination_group.h"
#include "detect/destination_sizes.h"
#include "detect/explain.h"
#include "detect/numbers.h"
#include "detect/rule.h"

namespace mailweir {
namespace {

// A block cuts off the whole client, so a client that holds one registered address is registered as a whole.
std::vector<IpPrefix> widened_to_clients(std::vector<IpPrefix> prefixes, int v6_length) {
  for (IpPrefix& prefix : prefixes) {
    if (!prefix.base().is_v4() && prefix.length() > v6_length) prefix = client_of(prefix.base(), v6_length);
  }
  return prefixes;
}

// What tells the hash of a group apart from every other hash of an address: provider and role.
std::uint32_t group_tag(const DestinationGroup& group, MailRole role) {
  return 0x8000'0000U | std::uint32_t{group.provider} << 1 | (role == MailRole::Transfer ? 0U : 1U);
}

}  // namespace

struct Detector::State {
  State(DetectSettings wanted, const KeyedHash& key)
      : settings(std::move(wanted)),
        hash(key),
        mail_servers(widened_to_clients(settings.mail_servers, settings.v6_client_length)),
        table(key, settings.clients_max) {}

  // Where a client was found, and how many had been forgotten by then: one more, and it may be elsewhere.
  struct Found {
    ClientTable::Index index = ClientTable::kNone;
    std::uint64_t forgotten = 0;
  };
  [[nodiscard]] Found find_ahead(const ConnectionEvent& event) const;
  void observe(const ConnectionEvent& event, Found found);
  ClientTable::Index admit(IpAddress base, Time now);
  ConnectionEvent by_destination(const ClientRecord& client, ConnectionEvent event, MailRole role, GroupMark mark);
  ClientRecord::Failure weigh_failure(const ClientRecord& client, const ConnectionEvent& event, MailRole role,
                                      GroupMark mark);
  void decide(ClientTable::Index index);
  [[nodiscard]] ClientReport report(ClientTable::Index index) const;

  DetectSettings settings;
  KeyedHash hash;
  PrefixSet mail_servers;
  ClientTable table;
  OutageGuard outages;
  DestinationSizes sizes;
  std::vector<DestinationCount> destinations;                    // by index; empty unless exact_destinations
  std::unordered_map<ClientTable::Index, ClientRecord> decided;  // spammers, as they were when it was decided
  std::vector<ClientReport> findings;
  std::uint64_t events = 0;
};

ClientTable::Index Detector::State::admit(IpAddress base, Time now) {
  const ClientTable::Index index = table.insert(base, now, [this](ClientTable::Index forgotten) {
    decided.erase(forgotten);
    if (settings.exact_destinations) destinations[forgotten] = {};
  });
  table.at(index).set_registered(mail_servers.contains(base));
  if (settings.exact_destinations && destinations.size() <= index) destinations.resize(index + std::size_t{1});
  return index;
}

// The outcome as the destination's own sizes say it is. Off in recordings, like the outage guard and for its reason.
ConnectionEvent Detector::State::by_destination(const ClientRecord& client, ConnectionEvent event, MailRole role,
                                                GroupMark mark) {
  if (role != MailRole::Transfer || event.payload == 0 || !settings.clients_compared) return event;
  if (client.registered()) {
    sizes.learn(mark.hash, event.payload);
  } else {
    event.outcome = sizes.judge(mark.hash, event.outcome, event.payload);
  }
  return event;
}

ClientRecord::Failure Detector::State::weigh_failure(const ClientRecord& client, const ConnectionEvent& event,
                                                     MailRole role, GroupMark mark) {
  if (event.outcome == Outcome::Unknown) return ClientRecord::Failure::Counts;
  const OutageGuard::Contact contact{.time = event.time,
                                     .client = hash(client.base()),
                                     .group = mark.hash,
                                     .transfer = role == MailRole::Transfer,
                                     .failed = event.outcome == Outcome::NoAnswer || event.outcome == Outcome::Refused,
                                     .suspect = client.score_user() > numbers::kSuspicionL,
                                     .first = client.awaits(mark)};
  const bool counts = outages.counts(contact);
  return counts || !settings.clients_compared ? ClientRecord::Failure::Counts : ClientRecord::Failure::IsNoEvidence;
}

void Detector::State::decide(ClientTable::Index index) {
  ClientRecord& client = table.at(index);
  if (client.told() == ClientRecord::Told::Decided || client.score_user() < settings.user_threshold) return;
  const Standing now = standing(client, settings);
  const bool convicted = now.kind == Standing::Kind::Spammer || now.kind == Standing::Kind::FirstPacketsSpammer;
  if (client.registered()) {
    // Worth telling once: a mail server that other mail servers treat like a spammer.
    const bool alarming = now.kind == Standing::Kind::Spammer && client.score_server() >= settings.server_threshold;
    if (!alarming || client.told() == ClientRecord::Told::Candidate) return;
    client.tell(ClientRecord::Told::Candidate);
    findings.push_back(report(index));
  } else if (convicted) {
    client.tell(ClientRecord::Told::Decided);
    decided.insert_or_assign(index, client);
    findings.push_back(report(index));
  } else if (now.kind == Standing::Kind::Candidate && client.told() == ClientRecord::Told::Nothing) {
    client.tell(ClientRecord::Told::Candidate);
    findings.push_back(report(index));
  }
}

ClientReport Detector::State::report(ClientTable::Index index) const {
  const ClientRecord& client = table.at(index);
  DestinationCount::Answer counted;
  if (settings.exact_destinations) {
    counted = destinations[index].answer(hash);
  } else {
    const auto estimate = static_cast<std::uint64_t>(std::llround(client.groups_estimate()));
    counted = {estimate, estimate};
  }
  ClientReport now = describe(client, settings, counted);
  if (const auto found = decided.find(index); found != decided.end()) {
    const ClientRecord& then = found->second;
    ClientReport decision = describe(then, settings, counted);
    now.verdict = decision.verdict;
    now.reason = std::move(decision.reason);
    now.score_user = decision.score_user;
    now.score_server = decision.score_server;
    now.evidence = std::move(decision.evidence);
    now.decided_at = then.last_seen();
    now.decided_after_connections = then.connections();
    now.ports_when_decided = decision.ports;
  }
  return now;
}

Detector::Detector(DetectSettings settings, const KeyedHash& hash)
    : state_(std::make_unique<State>(std::move(settings), hash)) {}
Detector::~Detector() = default;
Detector::Detector(Detector&&) noexcept = default;
Detector& Detector::operator=(Detector&&) noexcept = default;

Detector::State::Found Detector::State::find_ahead(const ConnectionEvent& event) const {
  const ClientTable::Index index = table.find(client_base(event.client, settings.v6_client_length));
  if (index != ClientTable::kNone) {
    table.prefetch(index);
    if (settings.exact_destinations) destinations[index].prefetch();
  }
  return {index, table.forgotten()};
}

void Detector::State::observe(const ConnectionEvent& event, Found found) {
  if (!is_sending_port(event.server_port)) return;
  const MailRole role = event.server_port == 25 ? MailRole::Transfer : MailRole::Submission;
  ++events;
  ClientTable::Index index = found.index;
  if (index == ClientTable::kNone || found.forgotten != table.forgotten()) {
    const IpAddress base = client_base(event.client, settings.v6_client_length);
    index = table.find(base);
    if (index == ClientTable::kNone) {
      if (event.kind != ConnectionEvent::Kind::Opened) return;  // of a client that was forgotten meanwhile
      index = admit(base, event.time);
    }
  }
  ClientRecord& client = table.at(index);
  const DestinationGroup group = destination_group(event.server);
  const GroupMark mark{hash(group.base, group_tag(group, role))};
  switch (event.kind) {
    case ConnectionEvent::Kind::Opened:
      client.opened(event, role, mark);
      if (settings.exact_destinations) destinations[index].add(event.server, hash);
      break;
    case ConnectionEvent::Kind::Established:
      client.established(event, role, mark);
      break;
    case ConnectionEvent::Kind::Judged: {
      const ConnectionEvent ended = by_destination(client, event, role, mark);
      client.judged(ended, role, mark, weigh_failure(client, ended, role, mark));
      break;
    }
  }
  decide(index);
}

void Detector::observe(std::span<const ConnectionEvent> events) {
  constexpr std::size_t kAhead = 16;  // a microsecond of work, about what memory takes for as many records
  std::array<State::Found, kAhead> found;
  for (std::size_t i = 0; i < std::min(kAhead, events.size()); ++i) found[i] = state_->find_ahead(events[i]);
  for (std::size_t i = 0; i < events.size(); ++i) {
    state_->observe(events[i], found[i % kAhead]);
    if (i + kAhead < events.size()) found[i % kAhead] = state_->find_ahead(events[i + kAhead]);
  }
}

std::vector<ClientReport> Detector::take_findings() { return std::exchange(state_->findings, {}); }

void Detector::lifted(IpPrefix client, Time now) {
  State& state = *state_;
  const ClientTable::Index index = state.table.find(client.base());
  if (index == ClientTable::kNone) return;
  state.table.at(index).keep_only(state.settings.user_threshold / 2, now);
  state.decided.erase(index);
}

std::optional<Detector::Scores> Detector::scores(IpAddress client) const {
  const ClientTable::Index index = state_->table.find(client_base(client, state_->settings.v6_client_length));
  if (index == ClientTable::kNone) return std::nullopt;
  return Scores{state_->table.at(index).score_user(), state_->table.at(index).score_server()};
}

std::vector<ClientReport> Detector::reports() const {
  std::vector<ClientReport> all;
  all.reserve(state_->table.size());
  for (const ClientTable::Index index : state_->table.indices()) all.push_back(state_->report(index));
  sort_by_score(all);
  return all;
}

DetectCounters Detector::counters() const {
  return {.events = state_->events,
          .forgotten_clients = state_->table.forgotten(),
          .clients = state_->table.size(),
          .silenced_failures = state_->settings.clients_compared ? state_->outages.silenced() : 0,
          .forgotten_outages = state_->outages.forgotten()};
}

UplinkVotes Detector::uplink(Time now) const { return state_->outages.uplink(now); }

IpPrefix client_of(IpAddress address, int v6_length) {
  return address.is_v4() ? IpPrefix::host(address) : IpPrefix::of(address, v6_length);
}

}  // namespace mailweir
