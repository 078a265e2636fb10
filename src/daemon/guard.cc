#include "daemon/guard.h"

#include <algorithm>
#include <utility>

#include "base/must.h"
#include "daemon/decision_line.h"

namespace mailweir {
namespace {

// After the kernel refused a change: long enough not to ask in a circle, short against a block's length.
constexpr Duration kRetryAfter = std::chrono::seconds(1);

}  // namespace

DetectSettings detect_settings(const Policy& policy) {
  MUST(policy.gateway);
  DetectSettings settings;
  settings.mail_servers = policy.gateway->mail_servers.value;
  settings.servers_registered = policy.gateway->servers_registered.value;
  return settings;
}

Guard::Guard(const Policy& policy, Mode mode, const KeyedHash& hash, Kernel& kernel, const Clock& clock, OnLine on_line)
    : mode_(mode),
      policy_file_(policy.file),
      v6_client_length_(detect_settings(policy).v6_client_length),
      kernel_(kernel),
      clock_(clock),
      on_line_(std::move(on_line)),
      detector_(detect_settings(policy), hash),
      decider_(policy, mode),
      enforcer_(kernel) {}

Result<void> Guard::resume() {
  auto resumed = enforcer_.resume(clock_.now());
  if (!resumed) return fail(std::move(resumed).error());
  for (const EnforcedBlock& enforced : *resumed) {
    on_line_(EventLine("block.resumed", clock_.now())
                 .add("client", enforced.block.client.text())
                 .add("case", enforced.block.case_id)
                 .add("until", enforced.until)
                 .add("packets_stopped", enforced.block.stopped));
  }
  return {};
}

void Guard::observe(const std::vector<ConnectionEvent>& events) {
  for (const ConnectionEvent& event : events) detector_.observe(event);
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
    if (enforcer_.is_blocked(client_of(packet.source, v6_client_length_), packet.destination_port)) {
      ++after_block_;
    } else {
      connections_.sighted(packet, events_);
    }
  }
  for (const ConntrackEvent& change : changes) connections_.tracked(change, events_);
  judge_ended();
  const Time now = clock_.now();
  connections_.advance(now, events_);
  observe(events_);
  decide_findings();
  enforce();
  end_blocks(now);
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
    if (decision.action == Decision::Action::Block) {
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
    cut(decision);
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
  on_line_(decision_line(decision, policy_file_, clock_.now(), acknowledged));
}

// The block already stops these connections; this frees their translation, and takes their ends out of the evidence.
void Guard::cut(const Decision& decision) {
  const std::vector<FlowTuple> flows = connections_.forget(decision.finding.client, ports_of(decision));
  if (flows.empty()) return;
  if (const auto cut = kernel_.cut_flows(flows); !cut) {
    on_line_(EventLine("connections.kept", clock_.now())
                 .add("client", decision.finding.client.text())
                 .add("reason", cut.error().text() + "; ignoring"));
  }
}

void Guard::end_blocks(Time now) {
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
  for (const auto& candidate : {connections_.next_due(), decider_.next_end(), retry_}) {
    if (candidate) due = due ? std::min(*due, *candidate) : *candidate;
  }
  return due;
}

Guard::Counters Guard::counters() const {
  return {connections_.counters(), detector_.counters(), enforcer_.counters(),        enforcer_.in_force(),
          enforcer_.waiting(),     after_block_,         decider_.forgotten_clients()};
}

}  // namespace mailweir
