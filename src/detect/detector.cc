#include "detect/detector.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <tuple>
#include <unordered_map>
#include <utility>

#include "base/mail_ports.h"
#include "base/must.h"
#include "detect/address_sites.h"
#include "detect/client_table.h"
#include "detect/destination_count.h"
#include "detect/destination_group.h"
#include "detect/destination_sizes.h"
#include "detect/explain.h"
#include "detect/hazard_learning.h"
#include "detect/numbers.h"
#include "detect/pending_mx.h"
#include "detect/rule.h"
#include "sketch/count_min.h"

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
        table(key, {settings.clients_max, settings.wide_clients_max, settings.clients_per_v6_network}),
        forget([this](ClientTable::Index forgotten) { forget_what_hangs_on(forgotten); }),
        sites(key) {
    MUST(settings.v6_client_length <= 64);
  }

  struct Contact {
    MailRole role;
    GroupMark mark;
  };
  [[nodiscard]] Contact contact_of(const ConnectionEvent& event) const;
  // `guess`: see ClientTable::find().
  void observe(const ConnectionEvent& event, ClientTable::Index guess);
  void forget_what_hangs_on(ClientTable::Index index) {
    decided.erase(index);
    if (settings.exact_destinations) destinations[index] = {};
  }
  ClientTable::Index admit(IpAddress base, Time now);
  void learn_from(const ClientRecord& client, Time now);
  [[nodiscard]] bool may_enter(const ConnectionEvent& event, IpAddress base);
  void sign(const ConnectionEvent& event, IpAddress base);
  void open(ClientRecord& client, const ConnectionEvent& event, const Contact& contact);
  // The same happens to a client and to the site it belongs to.
  struct Happening {
    const ConnectionEvent& event;
    const Contact& contact;
    bool opens;
    ClientRecord::Failure failure;
  };
  void meet_holder(ClientTable::Index index, const ConnectionEvent& event);
  void apply(ClientRecord& client, const Happening& what);
  void at_site(const ClientRecord& client, const Happening& what);
  void decide_site(AddressSites::Site& site);
  void connection(ClientTable::Index index, const ConnectionEvent& event);
  ConnectionEvent by_destination(const ClientRecord& client, ConnectionEvent event, MailRole role, GroupMark mark);
  ClientRecord::Failure weigh_failure(const ClientRecord& client, const ConnectionEvent& event, MailRole role,
                                      GroupMark mark);
  void decide(ClientTable::Index index, Time now);
  void find(ClientTable::Index index, Doubt doubt);
  [[nodiscard]] ClientReport report(ClientTable::Index index) const;

  // A spammer as it was when that was decided.
  struct Decided {
    ClientRecord record;
    Time at;
  };

  DetectSettings settings;
  KeyedHash hash;
  PrefixSet mail_servers;
  ClientTable table;
  ClientTable::Forgotten forget;
  OutageGuard outages;
  DestinationSizes sizes;
  CountMin strangers;  // first packets of clients nobody answered yet
  PendingMx questions;
  AddressSites sites;
  HazardLearning learning;
  HazardLearning::Kept frozen;  // learned before that was switched off
  HazardGains gains;
  std::optional<HazardTable> learned;          // and not yet told
  std::vector<DestinationCount> destinations;  // by index; empty unless exact_destinations
  std::unordered_map<ClientTable::Index, Decided> decided;
  std::vector<ClientReport> findings;
  std::uint64_t events = 0, turned_away = 0, mx_queries = 0, new_holders = 0, idle_leases = 0;
};

Detector::State::Contact Detector::State::contact_of(const ConnectionEvent& event) const {
  const MailRole role = event.server_port == 25 ? MailRole::Transfer : MailRole::Submission;
  const DestinationGroup group = destination_group(event.server);
  return {role, {hash(group.base, group_tag(group, role))}};
}

ClientTable::Index Detector::State::admit(IpAddress base, Time now) {
  const ClientTable::Index index = table.insert(base, now, forget);
  ClientRecord& client = table.at(index);
  client.set_registered(mail_servers.contains(base));
  if (settings.exact_destinations && destinations.size() <= index) destinations.resize(index + std::size_t{1});
  // What it asked before it sent mail.
  const PendingMx::Asked asked = questions.take(hash(base), now);
  for (std::uint32_t name = 0; name < 16; ++name) {
    if ((asked >> name & 1) != 0) client.asked_mx(name, now);
  }
  if (client.is_wide()) table.widened(now, forget);
  return table.find(base);
}

// The first packet of a stranger is not worth a record: anybody can write it in anybody's name. An answer to it is, and
// so is a third one, for some bots meet silence only.
bool Detector::State::may_enter(const ConnectionEvent& event, IpAddress base) {
  if (!settings.doorkeeper) return event.kind == ConnectionEvent::Kind::Opened;  // else of a client that was forgotten
  const bool answered = event.kind == ConnectionEvent::Kind::Established ||
                        (event.outcome != Outcome::Unknown && event.outcome != Outcome::NoAnswer);
  if (answered || strangers.add(hash(base)) >= numbers::kStrangersSyns) return true;
  ++turned_away;
  return false;
}

void Detector::State::sign(const ConnectionEvent& event, IpAddress base) {
  const ClientTable::Index index = table.find(base);
  if (event.kind == ConnectionEvent::Kind::AskedMx) {
    ++mx_queries;
    if (AddressSites::Site* const site = base.is_v4() ? nullptr : sites.watched(base))
      site->record.asked_mx(event.payload, event.time);
    if (index == ClientTable::kNone) return questions.keep(hash(base), event.payload, event.time);
  } else if (index == ClientTable::kNone) {
    return;  // who sends no mail may receive as much as it likes
  }
  ClientRecord& client = table.at(index);
  const bool wide = client.is_wide();
  if (event.kind == ConnectionEvent::Kind::AskedMx) {
    client.asked_mx(event.payload, event.time);
  } else {
    client.let_in(static_cast<std::uint32_t>(hash(destination_group(event.server).base)), event.time);
  }
  if (!wide) {
    table.widened(event.time, forget);
    if (table.find(base) != index) return;
  }
  decide(index, event.time);
}

// How far an ordinary client went in an epoch.
void Detector::State::learn_from(const ClientRecord& client, Time now) {
  const auto transfer = client.contacts(MailRole::Transfer);
  const auto submission = client.contacts(MailRole::Submission);
  const bool ordinary = !client.registered() && !client.learned_server() &&
                        client.told() == ClientRecord::Told::Nothing && client.score_user() < numbers::kSuspicionL &&
                        transfer.established + submission.established > 0;
  if (ordinary) learning.epoch_ended(transfer.groups, submission.groups);
  if (const auto table_now = learning.learn(now)) {
    gains = HazardGains(*table_now);
    learned = table_now;
  }
}

void Detector::State::open(ClientRecord& client, const ConnectionEvent& event, const Contact& contact) {
  const bool none_before = client.contacts(MailRole::Transfer).groups == 0;
  client.opened(event, contact.role, contact.mark, gains);
  // Once a window: of what is absent there is nothing to see at other times.
  if (settings.mx_seen && none_before && client.contacts(MailRole::Transfer).groups == 1 && client.mx_names() == 0) {
    client.asks_no_mx();
  }
}

// Whose evidence is it? An operator's word on a registered server goes with the address. An IPv6 network has many
// machines, whose addresses say nothing of a change.
void Detector::State::meet_holder(ClientTable::Index index, const ConnectionEvent& event) {
  ClientRecord& client = table.at(index);
  if (client.registered()) return;
  if (event.time - client.last_seen() > settings.lease) {
    client.lay_idle();
    ++idle_leases;
  }
  if (event.hardware == 0 || !client.base().is_v4()) return;
  if (client.has_new_holder(event.hardware)) {
    table.renew(index, event.time);
    forget_what_hangs_on(index);
    ++new_holders;
  }
  client.uses(event.hardware);
}

void Detector::State::apply(ClientRecord& client, const Happening& what) {
  const auto& [event, contact, opens, failure] = what;
  if (opens) open(client, event, contact);
  if (event.kind == ConnectionEvent::Kind::Established) client.established(event, contact.role, contact.mark);
  if (event.kind == ConnectionEvent::Kind::Judged) client.judged(event, contact.role, contact.mark, failure);
}

void Detector::State::connection(ClientTable::Index index, const ConnectionEvent& event) {
  const Contact contact = contact_of(event);
  ClientRecord& client = table.at(index);
  if (settings.learning && client.epoch_ended_by(event.time)) learn_from(client, event.time);
  // It was turned away when it opened this connection: it did, all the same.
  const bool opened_before = settings.doorkeeper && event.kind != ConnectionEvent::Kind::Opened &&
                             event.outcome != Outcome::NoAnswer && !client.knows(contact.mark) &&
                             event.time - client.first_seen() < numbers::kStrangersWait;
  const bool opens = opened_before || event.kind == ConnectionEvent::Kind::Opened;
  if (opens && settings.exact_destinations) destinations[index].add(event.server, hash);
  if (event.kind == ConnectionEvent::Kind::Judged) {
    const ConnectionEvent ended = by_destination(client, event, contact.role, contact.mark);
    const Happening what{ended, contact, opens, weigh_failure(client, ended, contact.role, contact.mark)};
    apply(client, what);
    at_site(client, what);
  } else {
    const Happening what{event, contact, opens, ClientRecord::Failure::Counts};
    apply(client, what);
    at_site(client, what);
  }
}

// Who is known to spam, or known to be a mail server, takes no turns with others. A client that is a /56 itself is its
// own site; in recordings clients are dealt out, and nobody sees a whole one.
void Detector::State::at_site(const ClientRecord& client, const Happening& what) {
  const IpAddress network = client.base();
  if (network.is_v4() || settings.v6_client_length <= kSiteLength || !settings.clients_compared) return;
  if (client.registered() || client.told() == ClientRecord::Told::Decided) return;
  if (AddressSites::Site* const site = sites.watched(network)) {
    const bool news = what.opens && !site->record.knows(what.contact.mark);
    apply(site->record, what);
    if (news) sites.contacted(*site, network);
    decide_site(*site);
  }
  if (what.contact.role == MailRole::Transfer)
    sites.noticed(network, AddressSites::Sign::UsesTransfer, what.event.time);
  if (client.score_user() > numbers::kSuspicionL)
    sites.noticed(network, AddressSites::Sign::Suspicious, what.event.time);
}

// A doubt, not a verdict: the networks of a /56 may be those of as many customers.
void Detector::State::decide_site(AddressSites::Site& site) {
  ClientRecord& record = site.record;
  if (record.score_user() < settings.user_threshold || record.told() != ClientRecord::Told::Nothing) return;
  if (AddressSites::networks(site) < numbers::kHopperNetworks) return;
  // M is asked wherever it is not asked of a client: many people's mail is taken, together too.
  DetectSettings as_site = settings;
  as_site.servers_registered = false;
  as_site.v6_client_length = kSiteLength;
  if (standing(record, as_site).kind != ClientStanding::Kind::Spammer) return;
  record.tell(ClientRecord::Told::Candidate);
  const auto groups = static_cast<std::uint64_t>(std::llround(record.groups_estimate()));
  ClientReport& finding = findings.emplace_back(describe(record, as_site, {groups, groups}, learning.table()));
  finding.verdict = Verdict::Undecided;
  finding.doubt = Doubt::AddressHopper;
  finding.reason = hopper_reason(record, settings, AddressSites::networks(site));
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

void Detector::State::find(ClientTable::Index index, Doubt doubt) {
  findings.push_back(report(index));
  findings.back().doubt = doubt;
}

void Detector::State::decide(ClientTable::Index index, Time now) {
  ClientRecord& client = table.at(index);
  if (client.told() == ClientRecord::Told::Decided) return;
  if (client.registered()) {
    if (const ServerHistory::Alarm alarm = client.take_alarm(); alarm != ServerHistory::Alarm::None) {
      find(index, Doubt::ChangedServer);
      findings.back().reason = changed_server_reason(client, alarm);
    }
  }
  const bool slow = !client.registered() && spams_slowly(client);
  if (client.score_user() < settings.user_threshold && !slow) return;
  const ClientStanding standing_now = standing(client, settings);
  const bool convicted = standing_now.kind == ClientStanding::Kind::Spammer ||
                         standing_now.kind == ClientStanding::Kind::FirstPacketsSpammer;
  const bool told = client.told() == ClientRecord::Told::Candidate;
  if (client.registered()) {
    // Worth telling once: a mail server that other mail servers treat like a spammer.
    const bool alarming =
        standing_now.kind == ClientStanding::Kind::Spammer && client.score_server() >= settings.server_threshold;
    if (!alarming || told) return;
    client.tell(ClientRecord::Told::Candidate);
    find(index, Doubt::ChangedServer);
  } else if (convicted && !client.learned_server()) {
    client.tell(ClientRecord::Told::Decided);
    decided.insert_or_assign(index, Decided{client, now});
    find(index, Doubt::None);
  } else if (!told && (convicted || standing_now.kind == ClientStanding::Kind::Candidate)) {
    client.tell(ClientRecord::Told::Candidate);
    find(index, client.learned_server() ? Doubt::ChangedServer : Doubt::UnregisteredServer);
  } else if (!told && slow) {
    client.tell(ClientRecord::Told::Candidate);
    find(index, Doubt::SlowSpam);
    findings.back().reason = slow_reason(client);
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
  ClientReport now = describe(client, settings, counted, learning.table());
  if (const auto found = decided.find(index); found != decided.end()) {
    const ClientRecord& then = found->second.record;
    ClientReport decision = describe(then, settings, counted, learning.table());
    now.verdict = decision.verdict;
    now.reason = std::move(decision.reason);
    now.score_user = decision.score_user;
    now.score_server = decision.score_server;
    now.evidence = std::move(decision.evidence);
    now.decided_at = found->second.at;
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

void Detector::State::observe(const ConnectionEvent& event, ClientTable::Index guess) {
  const IpAddress base = client_base(event.client, settings.v6_client_length);
  if (event.kind == ConnectionEvent::Kind::AskedMx || event.kind == ConnectionEvent::Kind::LetIn)
    return sign(event, base);
  if (!is_sending_port(event.server_port)) return;
  ++events;
  ClientTable::Index index = table.find(base, guess);
  if (index == ClientTable::kNone) {
    if (!may_enter(event, base)) return;
    index = admit(base, event.time);
    if (index == ClientTable::kNone) return;
  }
  meet_holder(index, event);
  const bool wide = table.at(index).is_wide();
  connection(index, event);
  decide(index, event.time);
  if (!wide && table.at(index).is_wide()) table.widened(event.time, forget);
}

// Memory takes about as long to answer as a few events take to be judged, and answers several questions at once. So the
// place of a client in the table is asked for three groups of events ahead, its record two, what hangs on that one.
void Detector::observe(std::span<const ConnectionEvent> events) {
  if (events.size() == 1) return state_->observe(events.front(), ClientTable::kNone);
  constexpr std::size_t kGroup = 8, kAhead = 3;
  struct Fetched {
    std::uint64_t hash;
    ClientTable::Index index;
  };
  std::array<std::array<Fetched, kGroup>, kAhead + 1> ring;  // NOLINT(*-pro-type-member-init): filled before it is read
  State& state = *state_;
  const std::size_t groups = (events.size() + kGroup - 1) / kGroup;
  const auto for_each = [&](std::size_t group, auto act) {
    if (group >= groups) return;  // also one before the first
    auto& fetched = ring[group % ring.size()];
    const auto some = events.subspan(group * kGroup, std::min(kGroup, events.size() - group * kGroup));
    for (std::size_t i = 0; i < some.size(); ++i) act(some[i], fetched[i]);
  };
  for (std::size_t group = 0; group < groups + kAhead; ++group) {
    for_each(group, [&](const ConnectionEvent& event, Fetched& fetched) {
      fetched.hash = state.table.hash_of(client_base(event.client, state.settings.v6_client_length));
      state.table.prefetch_place(fetched.hash);
    });
    for_each(group - 1, [&](const ConnectionEvent&, Fetched& fetched) {
      fetched.index = state.table.prefetch_record(fetched.hash);
      if (fetched.index < state.destinations.size()) state.destinations[fetched.index].prefetch();
    });
    for_each(group - 2, [&](const ConnectionEvent&, const Fetched& fetched) {
      if (fetched.index == ClientTable::kNone) return;
      state.table.prefetch_rest(fetched.index);
      if (fetched.index < state.destinations.size()) state.destinations[fetched.index].prefetch_rest();
    });
    for_each(group - kAhead,
             [&](const ConnectionEvent& event, const Fetched& fetched) { state.observe(event, fetched.index); });
  }
}

std::vector<ClientReport> Detector::take_findings() { return std::exchange(state_->findings, {}); }

void Detector::lifted(IpPrefix client, Time now) {
  State& state = *state_;
  const ClientTable::Index index = state.table.find(client.base());
  if (index == ClientTable::kNone) return;
  ClientRecord& record = state.table.at(index);
  const bool wide = record.is_wide();
  record.keep_only(state.settings.user_threshold / 2, now);
  if (!wide) state.table.widened(now, state.forget);
  state.decided.erase(index);
}

void Detector::bytes_counted(bool counted) { state_->settings.bytes_counted = counted; }

std::optional<Detector::Scores> Detector::scores(IpAddress client) const {
  const ClientTable::Index index = state_->table.find(client_base(client, state_->settings.v6_client_length));
  if (index == ClientTable::kNone) return std::nullopt;
  return Scores{state_->table.at(index).score_user(), state_->table.at(index).score_server()};
}

std::vector<ClientReport> Detector::reports(std::size_t most) const {
  std::vector<ClientTable::Index> indices = state_->table.indices();
  if (most < indices.size()) {
    // Of a spammer the score when it was decided, which is not below the threshold.
    const auto score = [&](ClientTable::Index index) {
      const auto found = state_->decided.find(index);
      return found == state_->decided.end() ? state_->table.at(index).score_user() : found->second.record.score_user();
    };
    std::nth_element(indices.begin(), indices.begin() + static_cast<std::ptrdiff_t>(most), indices.end(),
                     [&](ClientTable::Index a, ClientTable::Index b) { return score(a) > score(b); });
    indices.resize(most);
  }
  std::vector<ClientReport> all;
  all.reserve(indices.size());
  for (const ClientTable::Index index : indices) all.push_back(state_->report(index));
  sort_by_score(all);
  return all;
}

void Detector::append_reports(std::vector<ClientReport>& all) const {
  for (const ClientTable::Index index : state_->table.indices()) all.push_back(state_->report(index));
}

DetectCounters Detector::counters() const {
  return {.events = state_->events,
          .forgotten_clients = state_->table.forgotten(),
          .clients = state_->table.size(),
          .wide_clients = state_->table.wide(),
          .forgotten_by_quota = state_->table.forgotten_by_quota(),
          .turned_away = state_->turned_away,
          .mx_queries = state_->mx_queries,
          .forgotten_mx = state_->questions.forgotten(),
          .new_holders = state_->new_holders,
          .idle_leases = state_->idle_leases,
          .sites_watched = state_->sites.size(),
          .forgotten_sites = state_->sites.forgotten(),
          .silenced_failures = state_->settings.clients_compared ? state_->outages.silenced() : 0,
          .forgotten_outages = state_->outages.forgotten()};
}

std::optional<ClientReport> Detector::report(IpPrefix client) const {
  const ClientTable::Index index = state_->table.find(client_base(client.base(), state_->settings.v6_client_length));
  return index == ClientTable::kNone ? std::nullopt : std::optional(state_->report(index));
}

const HazardTable& Detector::model() const { return state_->learning.table(); }
std::optional<HazardTable> Detector::take_learned() { return std::exchange(state_->learned, std::nullopt); }

LearnedModel Detector::remember() const {
  LearnedModel model;
  model.hazards = state_->settings.learning ? state_->learning.kept() : state_->frozen;
  for (const ClientTable::Index index : state_->table.indices()) {
    if (auto life = state_->table.at(index).server_life()) model.servers.push_back(std::move(*life));
  }
  std::sort(model.servers.begin(), model.servers.end(), [](const ServerLife& a, const ServerLife& b) {
    return std::tuple(!a.history, !a.learned, a.score_server, a.client) <
           std::tuple(!b.history, !b.learned, b.score_server, b.client);
  });
  if (model.servers.size() > LearnedModel::kServersKept) {
    model.left_out = model.servers.size() - LearnedModel::kServersKept;
    model.servers.resize(LearnedModel::kServersKept);
  }
  return model;
}

void Detector::recall(const LearnedModel& model, Time now) {
  State& state = *state_;
  if (state.settings.learning) {
    state.learning = HazardLearning(model.hazards, now);
    state.gains = HazardGains(state.learning.table());
  } else {
    state.frozen = model.hazards;
  }
  constexpr auto kIdle = std::chrono::days(numbers::kServerIdleDays);
  for (const ServerLife& life : model.servers) {
    const IpAddress base = client_base(life.client.base(), state.settings.v6_client_length);
    const bool same_length = life.client.base() == base;  // the operator may count other prefixes as one client now
    if (!same_length || life.last_seen > now || life.last_seen + kIdle < now) continue;
    if (state.table.find(base) != ClientTable::kNone) continue;
    const ClientTable::Index index = state.table.insert(base, life.first_seen, state.forget);
    ClientRecord& client = state.table.at(index);
    client = ClientRecord::recalled(life);
    client.set_registered(state.mail_servers.contains(base));
    if (state.settings.exact_destinations && state.destinations.size() <= index) state.destinations.resize(index + 1U);
    state.table.widened(now, state.forget);
  }
}

UplinkVotes Detector::uplink(Time now) const { return state_->outages.uplink(now); }

IpPrefix client_of(IpAddress address, int v6_length) {
  return address.is_v4() ? IpPrefix::host(address) : IpPrefix::of(address, v6_length);
}

}  // namespace mailweir
