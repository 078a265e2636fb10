#include "ingest/live_connections.h"

#include <algorithm>

#include "ingest/outcome.h"

namespace mailweir {
namespace {

using namespace std::chrono_literals;
using Phase = Connection::Phase;
using Queue = ConnectionQueue;

// Sooner, it is the same packet seen by a second rule. RFC 6298 asks for 1 s between SYNs.
constexpr Duration kRepeatMin = 500ms;

bool opens(const PacketSighting& packet) {
  using namespace tcp_flag;
  return (packet.flags & (kSyn | kAck | kRst | kFin)) == kSyn;
}

bool is_closing(TcpState state) {
  switch (state) {
    case TcpState::FinWait:
    case TcpState::CloseWait:
    case TcpState::LastAck:
    case TcpState::TimeWait:
    case TcpState::Close:
      return true;
    default:
      return false;
  }
}

// A SYN was reset: the kernel deletes the entry, having counted the reset, before it would call the flow answered.
bool was_refused(const ConntrackFlow& flow) {
  if (flow.reply_seen) return false;
  if (flow.counters) return flow.counters->packets_back > 0;
  return flow.state == TcpState::Close;
}

std::uint64_t without_headers(const FlowCounters& counters, std::uint64_t header_bytes) {
  const std::uint64_t headers = header_bytes * counters.packets_out;
  return counters.bytes_out > headers ? counters.bytes_out - headers : 0;
}

ConnectionEvent event_of(const Connection& connection, ConnectionEvent::Kind kind, Time time) {
  const ConnectionKey& key = connection.key;
  return {.time = time,
          .client = key.client,
          .server = key.server,
          .client_port = key.client_port,
          .server_port = key.server_port,
          .kind = kind,
          .view = View::TwoSided};
}

}  // namespace

LiveConnections::LiveConnections(LiveLimits limits) : limits_(limits), table_(limits.connections_max) {}

Time LiveConnections::not_before_last(Time time) {
  last_ = std::max(last_, time);
  return last_;
}

void LiveConnections::make_room() {
  if (!table_.full()) return;
  // Of a flood everything waits for an answer that never comes: who has one goes last.
  for (const Queue queue : {Queue::Ended, Queue::Waiting, Queue::Open}) {
    if (const Id oldest = table_.oldest(queue); oldest != ConnectionTable::kNone) {
      if (queue != Queue::Ended) ++counters_.given_up;
      table_.remove(oldest);
      return;
    }
  }
}

void LiveConnections::judge(Connection& connection, Outcome outcome, Time time, Events& out, std::uint64_t payload) {
  if (connection.judged) return;
  connection.judged = true;
  ConnectionEvent event = event_of(connection, ConnectionEvent::Kind::Judged, time);
  event.outcome = outcome;
  event.payload = static_cast<std::uint32_t>(std::min<std::uint64_t>(payload, 0xffff'ffff));
  out.push_back(event);
}

void LiveConnections::judge_by_bytes(Connection& connection, const FlowCounters& counters, Time time, Events& out) {
  const std::uint64_t headers = connection.key.client.is_v4() ? 40 : 60;
  constexpr std::uint64_t kTimestamps = 12;
  const std::uint64_t most = without_headers(counters, headers);
  const std::uint64_t least = without_headers(counters, headers + kTimestamps);
  judge(connection, outcome_of_payload(connection.key.server_port, least, most), time, out, least);
}

void LiveConnections::open(const PacketSighting& packet, Time time, Events& out) {
  make_room();
  const ConnectionKey key{packet.source, packet.destination, packet.source_port, packet.destination_port};
  Connection& connection = table_.at(table_.add(key, Queue::Waiting));
  connection.opened = connection.last = time;
  connection.first_sequence = packet.sequence;
  ++counters_.connections;
  out.push_back(event_of(connection, ConnectionEvent::Kind::Opened, time));
  out.back().hardware = packet.hardware;
}

void LiveConnections::sighted(const PacketSighting& packet, Events& out) {
  if (!opens(packet)) return;
  const Time time = not_before_last(packet.time);
  const Id id =
      table_.find(ConnectionKey{packet.source, packet.destination, packet.source_port, packet.destination_port});
  if (id == ConnectionTable::kNone) return open(packet, time, out);
  Connection& connection = table_.at(id);
  if (connection.first_sequence != packet.sequence) {  // the port was used again
    table_.remove(id);
    return open(packet, time, out);
  }
  if (time - connection.last < kRepeatMin) return;
  ++counters_.retransmissions;
  connection.last = time;
  if (connection.phase != Phase::Asked) return;
  if (!blind_) judge(connection, Outcome::NoAnswer, time, out);
  if (connection.judged) table_.move(id, Queue::Ended);
}

void LiveConnections::answered(Id id, Time time, bool established, Events& out) {
  Connection& connection = table_.at(id);
  if (connection.phase == Phase::Over || connection.phase == Phase::Established) return;
  connection.last = time;
  connection.phase = established ? Phase::Established : Phase::Answered;
  if (established && !connection.judged) out.push_back(event_of(connection, ConnectionEvent::Kind::Established, time));
  table_.move(id, Queue::Open);
}

void LiveConnections::ended(Id id, const ConntrackFlow& flow, Time time, Events& out) {
  Connection& connection = table_.at(id);
  if (connection.phase == Phase::Over) return;
  if (connection.phase == Phase::Asked && was_refused(flow)) {
    judge(connection, Outcome::Refused, time, out);
  } else {
    // FINs follow a handshake, though its news may have been merged with this; a reset need not.
    if (flow.state != TcpState::Close) answered(id, time, true, out);
    if (!connection.judged) ended_.push_back(flow.tuple);
  }
  connection.phase = Phase::Over;
  connection.last = time;
  table_.move(id, Queue::Ended);
}

void LiveConnections::destroyed(Id id, const ConntrackFlow& flow, Time time, Events& out) {
  Connection& connection = table_.at(id);
  if (connection.phase == Phase::Asked) {
    if (was_refused(flow)) judge(connection, Outcome::Refused, time, out);
  } else if (flow.counters) {
    judge_by_bytes(connection, *flow.counters, time, out);
  } else if (!connection.judged) {
    ++counters_.uncounted;
  }
  table_.remove(id);
}

void LiveConnections::tracked(const ConntrackEvent& event, Events& out) {
  const Id id = table_.find(event.flow.tuple);
  if (id == ConnectionTable::kNone) {
    ++counters_.midstream;
    return;
  }
  const Time time = not_before_last(event.time);
  if (event.kind == ConntrackEvent::Kind::Destroy) return destroyed(id, event.flow, time, out);
  if (!event.flow.state) return;
  if (is_closing(*event.flow.state)) return ended(id, event.flow, time, out);
  if (*event.flow.state == TcpState::Established) return answered(id, time, true, out);
  if (event.flow.reply_seen || *event.flow.state == TcpState::SynReceived) answered(id, time, false, out);
}

std::vector<FlowTuple> LiveConnections::take_ended() { return std::exchange(ended_, {}); }

void LiveConnections::counted(std::span<const FlowTuple> flows, std::span<const std::optional<FlowCounters>> counters,
                              Time now, Events& out) {
  const Time time = not_before_last(now);
  for (std::size_t i = 0; i < flows.size(); ++i) {
    const Id id = table_.find(flows[i]);
    if (id == ConnectionTable::kNone || table_.at(id).judged) continue;
    if (counters[i]) {
      judge_by_bytes(table_.at(id), *counters[i], time, out);
    } else {
      ++counters_.uncounted;
    }
  }
}

void LiveConnections::advance(Time now, Events& out) {
  const Time time = not_before_last(now);
  for (Id id; !blind_ && (id = table_.oldest(Queue::Waiting)) != ConnectionTable::kNone;) {
    Connection& connection = table_.at(id);
    if (connection.opened + limits_.answer_wait > time) break;
    judge(connection, Outcome::NoAnswer, time, out);
    connection.last = time;
    table_.move(id, Queue::Ended);
  }
  for (Id id; (id = table_.oldest(Queue::Ended)) != ConnectionTable::kNone;) {
    if (table_.at(id).last + limits_.linger > time) break;
    table_.remove(id);
  }
}

std::optional<Time> LiveConnections::next_due() const {
  std::optional<Time> due;
  const Id waiting = table_.oldest(Queue::Waiting);
  if (!blind_ && waiting != ConnectionTable::kNone) due = table_.at(waiting).opened + limits_.answer_wait;
  const Id over = table_.oldest(Queue::Ended);
  if (over != ConnectionTable::kNone) {
    const Time forgotten = table_.at(over).last + limits_.linger;
    due = due ? std::min(*due, forgotten) : forgotten;
  }
  return due;
}

void LiveConnections::relisted(std::span<const ConntrackFlow> flows, Time now, Events& out) {
  const auto tuple_of = [](const ConntrackFlow* flow) -> const FlowTuple& { return flow->tuple; };
  std::vector<const ConntrackFlow*> there;
  for (const ConntrackFlow& flow : flows) there.push_back(&flow);
  std::ranges::sort(there, {}, tuple_of);
  for (const Queue queue : {Queue::Waiting, Queue::Open}) {
    std::vector<Id> members;
    for (Id id = table_.oldest(queue); id != ConnectionTable::kNone; id = table_.at(id).newer) members.push_back(id);
    for (const Id id : members) {
      const auto flow = std::ranges::lower_bound(there, table_.at(id).key, {}, tuple_of);
      if (flow != there.end() && (*flow)->tuple == table_.at(id).key) {
        tracked({ConntrackEvent::Kind::Update, **flow, now}, out);
      } else {
        ++counters_.unseen;
        table_.remove(id);
      }
    }
  }
  blind_ = false;
}

std::vector<FlowTuple> LiveConnections::forget(IpPrefix client, std::span<const std::uint16_t> ports) {
  std::vector<FlowTuple> flows;
  for (const Queue queue : {Queue::Waiting, Queue::Open, Queue::Ended}) {
    for (Id id = table_.oldest(queue); id != ConnectionTable::kNone;) {
      const Connection& connection = table_.at(id);
      const Id next = connection.newer;
      if (client.contains(connection.key.client) &&
          std::find(ports.begin(), ports.end(), connection.key.server_port) != ports.end()) {
        flows.push_back(connection.key);
        table_.remove(id);
      }
      id = next;
    }
  }
  return flows;
}

}  // namespace mailweir
