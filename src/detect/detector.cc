#include "detect/detector.h"

#include <algorithm>
#include <array>
#include <tuple>
#include <utility>

#include "detect/detector_state.h"
#include "detect/numbers.h"

namespace mailweir {

Detector::Detector(DetectSettings settings, const KeyedHash& hash)
    : state_(std::make_unique<State>(std::move(settings), hash)) {}
Detector::~Detector() = default;
Detector::Detector(Detector&&) noexcept = default;
Detector& Detector::operator=(Detector&&) noexcept = default;

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
