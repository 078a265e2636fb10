#include "daemon/guard.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <utility>

#include "base/mail_ports.h"
#include "base/must.h"
#include "daemon/decision_line.h"
#include "decide/case_of.h"
#include "ingest/mx_query.h"

namespace mailweir {
namespace {

// After the kernel refused a change: long enough not to ask in a circle, short against a block's length.
constexpr Duration kRetryAfter = std::chrono::seconds(1);
// The kernel and the ledger tell the same end from different moments.
constexpr Duration kSameEnd = std::chrono::seconds(2);
constexpr std::string_view kIsProtected = "the policy protects this client now";
// A closed uplink stays closed: there is no hurry.
constexpr Duration kUplinkEvery = std::chrono::seconds(10);

bool touches(const std::vector<IpPrefix>& prefixes, const IpPrefix& client) {
  return std::any_of(prefixes.begin(), prefixes.end(),
                     [&](const IpPrefix& prefix) { return prefix.contains(client) || client.contains(prefix); });
}

// Of events: a throttle is no block.
std::string event_of(BlockScope scope, std::string_view what) {
  return fmt::format("{}.{}", scope == BlockScope::SlowedDown ? "throttle" : "block", what);
}

}  // namespace

std::vector<IpPrefix> clients_of(const GatewayPolicy& gateway) {
  std::vector<IpPrefix> clients = gateway.clients.value;
  for (const GatewayGroup& group : gateway.groups)
    clients.insert(clients.end(), group.clients.value.begin(), group.clients.value.end());
  return clients;
}

DetectSettings detect_settings(const Policy& policy) {
  MUST(policy.gateway);
  DetectSettings settings;
  settings.mail_servers = policy.gateway->mail_servers.value;
  settings.servers_registered = policy.gateway->servers_registered.value;
  settings.mx_seen = policy.gateway->mx_queries.value;
  settings.doorkeeper = true;
  settings.learning = policy.gateway->learning.value;
  return settings;
}

Guard::Guard(const Policy& policy, Mode mode, const KeyedHash& hash, Kernel& kernel, const Clock& clock, OnLine on_line,
             OnEntry on_entry)
    : mode_(mode),
      policy_file_(policy.file),
      exempt_(policy.gateway->exempt.value),
      mail_servers_(policy.gateway->mail_servers.value),
      clients_(clients_of(*policy.gateway)),
      v6_client_length_(detect_settings(policy).v6_client_length),
      kernel_(kernel),
      clock_(clock),
      on_line_(std::move(on_line)),
      on_entry_(std::move(on_entry)),
      detector_(detect_settings(policy), hash),
      decider_(policy, mode),
      enforcer_(kernel) {}

Result<void> Guard::resume(std::span<const CaseRecord> blocks, bool table_is_new) {
  const Time now = clock_.now();
  auto resumed = enforcer_.resume(now);
  if (!resumed) return fail(std::move(resumed).error());
  for (const auto& [client, history] : histories(blocks)) decider_.recall(client, history);
  static_cast<void>(decider_.ended(now));  // what ended while nobody ran is no news
  const std::set<std::string> freed = free_protected(*resumed, now);
  for (const EnforcedBlock& enforced : *resumed) {
    recall_running(enforced, now);
    on_line_(EventLine(event_of(enforced.block.scope, "resumed"), now)
                 .add("client", enforced.block.client.text())
                 .add("case", enforced.block.case_id)
                 .add("until", enforced.until)
                 .add("packets_stopped", enforced.block.stopped));
  }
  for (const CaseRecord& record : blocks) {
    const bool missing = is_running(record, now) && enforcer_.is_news(record.client, record.id);
    if (missing && !freed.contains(record.id)) resume_from_ledger(record, table_is_new, now);
  }
  enforce();
  return {};
}

// Whom the operator registered as a mail server since, or made exempt, is slowed down no more: that is what the notice
// asked for. Blocks stay until somebody lifts them.
std::set<std::string> Guard::free_protected(std::vector<EnforcedBlock>& resumed, Time now) {
  const auto is_protected = [&](const EnforcedBlock& enforced) {
    return enforced.block.scope == BlockScope::SlowedDown &&
           (touches(exempt_, enforced.block.client) || touches(mail_servers_, enforced.block.client));
  };
  const auto first = std::stable_partition(resumed.begin(), resumed.end(),
                                           [&](const EnforcedBlock& enforced) { return !is_protected(enforced); });
  const std::vector<EnforcedBlock> freed(first, resumed.end());
  std::vector<IpPrefix> clients;
  for (const EnforcedBlock& enforced : freed) clients.push_back(enforced.block.client);
  std::set<std::string> ids;
  if (clients.empty()) return ids;
  if (const auto lifted = enforcer_.lift(clients); !lifted) {
    on_line_(EventLine("throttle.kept", now).add("reason", lifted.error().text() + "; ignoring"));
    return ids;
  }
  resumed.erase(first, resumed.end());
  for (const EnforcedBlock& enforced : freed) {
    ids.insert(enforced.block.case_id);
    on_entry_(CaseLifted{enforced.block.client, {now, "", false, enforced.block.stopped}});
    on_line_(EventLine("throttle.lifted", now)
                 .add("client", enforced.block.client.text())
                 .add("case", enforced.block.case_id)
                 .add("reason", kIsProtected));
  }
  return ids;
}

// A block the ledger does not know counts as one.
void Guard::recall_running(const EnforcedBlock& enforced, Time now) {
  if (enforced.block.scope == BlockScope::SlowedDown) return;  // nobody's offence
  const ClientHistory known = decider_.history(enforced.block.client, now);
  if (known.until && *known.until > enforced.until - kSameEnd) return;
  decider_.recall(enforced.block.client, {known.blocks + 1, enforced.until, roles_of(enforced.block.scope)});
}

// A case that should run, and that the kernel does not hold.
void Guard::resume_from_ledger(const CaseRecord& record, bool table_is_new, Time now) {
  const Block block = block_of(record);
  const bool is_protected = touches(exempt_, record.client) ||
                            (block.scope == BlockScope::SlowedDown && touches(mail_servers_, record.client));
  if (!table_is_new || is_protected || mode_ == Mode::WatchOnly) {
    lifted_by_others(block, now);
  } else if (record.client == client_of(record.client.base(), v6_client_length_)) {
    enforcer_.put_back(block, record.until);
  }
}

void Guard::blocks_touched(std::span<const BlockTouched> touched, bool all) {
  std::map<IpPrefix, std::optional<std::string>> latest;
  for (const BlockTouched& one : touched) latest[one.client] = one.case_id;
  const bool news = all || std::any_of(latest.begin(), latest.end(),
                                       [&](const auto& one) { return enforcer_.is_news(one.first, one.second); });
  if (!news) return;
  const Time now = clock_.now();
  const auto did = enforcer_.follow(now);
  if (!did) {
    on_line_(EventLine("blocks.unreadable", now).add("reason", did.error().text() + "; ignoring"));
    return;
  }
  for (const EnforcedBlock& enforced : did->added) added_by_others(enforced, now);
  for (const EnforcedBlock& enforced : did->lifted) lifted_by_others(enforced.block, now);
}

void Guard::added_by_others(const EnforcedBlock& enforced, Time now) {
  if (enforced.block.case_id == kProbeCase) return;  // `verify` tries a rule
  recall_running(enforced, now);
  on_line_(EventLine(event_of(enforced.block.scope, "by-hand"), now)
               .add("client", enforced.block.client.text())
               .add("case", enforced.block.case_id)
               .add("until", enforced.until));
  if (enforced.block.scope == BlockScope::SlowedDown) return;  // what is open stays open
  cut(enforced.block.client, ports_of(roles_of(enforced.block.scope)));
}

// The name of whoever did it is in the ledger, when it was `mailweir unblock`.
void Guard::lifted_by_others(const Block& block, Time now) {
  if (block.case_id == kProbeCase) return;
  if (block.scope != BlockScope::SlowedDown) decider_.lifted(block.client, now);
  on_entry_(CaseLifted{block.client, {now, "", false, std::nullopt}});
  on_line_(
      EventLine(event_of(block.scope, "lifted"), now).add("client", block.client.text()).add("case", block.case_id));
}

void Guard::observe(const std::vector<ConnectionEvent>& events) {
  for (const ConnectionEvent& event : events) detector_.observe(event);
  if (const auto model = detector_.take_learned()) {
    on_line_(EventLine("model.learned", clock_.now())
                 .add("version", std::uint64_t{model->version})
                 .add("transfer", fmt::format("{:.3f}", fmt::join(model->transfer, ",")))
                 .add("submission", fmt::format("{:.3f}", fmt::join(model->submission, ",")))
                 .add("reason", "how far this site's ordinary clients go; learning = false keeps what is shipped"));
  }
}

void Guard::judge_ended() {
  const std::vector<FlowTuple> ended = connections_.take_ended();
  if (ended.empty()) return;
  const auto counters = kernel_.flow_counters(ended);
  if (counters) {
    connections_.counted(ended, *counters, clock_.now(), events_);
  } else {
    connections_.counted(ended, std::vector<std::optional<FlowCounters>>(ended.size()), clock_.now(), events_);
    on_line_(EventLine("counters.unreadable", clock_.now()).add("reason", counters.error().text() + "; ignoring"));
  }
}

void Guard::step(const std::vector<LoggedPacket>& packets, const std::vector<ConntrackEvent>& changes) {
  events_.clear();
  for (const LoggedPacket& logged : packets) {
    const PacketSighting& packet = logged.packet;
    if (packet.mx_name != 0) {
      events_.push_back(asked_mx(packet));
    } else if (enforcer_.is_blocked(client_of(packet.source, v6_client_length_), packet.destination_port)) {
      ++after_block_;
    } else {
      connections_.sighted(packet, events_);
    }
  }
  for (const ConntrackEvent& change : changes) {
    note_let_in(change);
    connections_.tracked(change, events_);
  }
  judge_ended();
  const Time now = clock_.now();
  connections_.advance(now, events_);
  observe(events_);
  decide_findings();
  enforce();
  end_blocks(now);
  look_at_uplink(now);
}

// A mail server from outside was let in by a client: clients that are mail servers receive mail.
void Guard::note_let_in(const ConntrackEvent& change) {
  const ConntrackFlow& flow = change.flow;
  if (flow.tuple.server_port != kTransferPorts.front() || flow.state != TcpState::Established || !flow.answerer) return;
  if (!clients_.contains(*flow.answerer) || clients_.contains(flow.tuple.client)) return;
  events_.push_back({.time = change.time,
                     .client = *flow.answerer,
                     .server = flow.tuple.client,
                     .client_port = flow.tuple.server_port,
                     .server_port = flow.tuple.client_port,
                     .kind = ConnectionEvent::Kind::LetIn});
}

void Guard::look_at_uplink(Time now) {
  if (events_.empty() || now < look_at_uplink_) return;
  look_at_uplink_ = now + kUplinkEvery;
  const UplinkVotes votes = detector_.uplink(now);
  if (votes.closed() == uplink_closed_) return;
  uplink_closed_ = votes.closed();
  EventLine line(uplink_closed_ ? "uplink.closed" : "uplink.open", now);
  line.add("port", std::uint64_t{25})
      .add("clients", std::uint64_t{votes.clients})
      .add("failing", std::uint64_t{votes.failing})
      .add("reason", uplink_closed_ ? "port 25 fails for nearly everybody: it seems closed further up; failed "
                                      "connections on it are no evidence now"
                                    : "port 25 answers again; failed connections on it are evidence");
  on_line_(line);
}

void Guard::relisted(const std::vector<ConntrackFlow>& flows) {
  events_.clear();
  connections_.relisted(flows, clock_.now(), events_);
  judge_ended();
  observe(events_);
  decide_findings();
  enforce();
}

void Guard::decide_findings() {
  for (const ClientReport& finding : detector_.take_findings()) {
    const Decision decision = decider_.decide(finding, clock_.now());
    if (decision.action == Decision::Action::Block || decision.action == Decision::Action::Throttle) {
      enforcer_.want(decision);
      unconfirmed_.insert_or_assign(decision.case_id, decision);
    } else {
      tell(decision, std::nullopt);
    }
  }
}

void Guard::enforce() {
  const Time now = clock_.now();
  if (enforcer_.waiting() == 0 || (retry_ && now < *retry_)) return;
  retry_.reset();
  const auto enforced = enforcer_.reconcile(now);
  const Time acknowledged = clock_.now();
  for (const std::string& case_id : enforcer_.take_confirmed()) {
    const auto found = unconfirmed_.find(case_id);
    if (found == unconfirmed_.end()) continue;
    const Decision decision = std::move(unconfirmed_.extract(found).mapped());
    tell(decision, acknowledged);
    if (decision.action == Decision::Action::Block) cut(decision.finding.client, ports_of(decision));
  }
  if (!enforced) {
    retry_ = now + kRetryAfter;
    on_line_(EventLine("block.refused", acknowledged)
                 .add("waiting", std::uint64_t{enforcer_.waiting()})
                 .add("reason", enforced.error().text() + "; retrying"));
  }
  // Decisions that were replaced or given up have nobody to wait for.
  if (enforcer_.waiting() == 0) unconfirmed_.clear();
}

void Guard::tell(const Decision& decision, std::optional<Time> acknowledged) {
  const std::string& file = decision.policy_file.empty() ? policy_file_ : decision.policy_file;
  on_line_(decision_line(decision, file, clock_.now(), acknowledged));
  on_entry_(case_of(decision, file));
}

// The block already stops these connections; this frees their translation, and takes their ends out of the evidence.
void Guard::cut(IpPrefix client, const std::vector<std::uint16_t>& ports) {
  const std::vector<FlowTuple> flows = connections_.forget(client, ports);
  if (flows.empty()) return;
  if (const auto cut = kernel_.cut_flows(flows); !cut) {
    on_line_(EventLine("connections.kept", clock_.now())
                 .add("client", client.text())
                 .add("reason", cut.error().text() + "; ignoring"));
  }
}

void Guard::end_blocks(Time now) {
  for (CaseCounted& counted : enforcer_.count_ending(now)) on_entry_(std::move(counted));
  enforcer_.advance(now);
  for (const IpPrefix& client : decider_.ended(now)) {
    detector_.lifted(client, now);
    on_line_(
        EventLine(mode_ == Mode::Enforce ? "block.ended" : "block.watched-ended", now).add("client", client.text()));
  }
}

void Guard::table_restored() {
  const Time now = clock_.now();
  retry_.reset();
  const std::uint64_t before = enforcer_.counters().restored;
  const auto restored = enforcer_.restore(now);
  EventLine line("table.restored", now);
  line.add("blocks", enforcer_.counters().restored - before);
  if (!restored) line.add("reason", restored.error().text() + "; ignoring");
  on_line_(line);
}

std::optional<Time> Guard::next_due() const {
  std::optional<Time> due;
  for (const auto& candidate : {connections_.next_due(), decider_.next_end(), enforcer_.next_count(), retry_}) {
    if (candidate) due = due ? std::min(*due, *candidate) : *candidate;
  }
  return due;
}

Guard::Counters Guard::counters() const {
  return {connections_.counters(),
          detector_.counters(),
          enforcer_.counters(),
          enforcer_.blocks(),
          enforcer_.slowed(),
          enforcer_.waiting(),
          after_block_,
          decider_.forgotten_clients(),
          detector_.uplink(clock_.now())};
}

}  // namespace mailweir
