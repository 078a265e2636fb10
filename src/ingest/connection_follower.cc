#include "ingest/connection_follower.h"

#include <algorithm>

#include "ingest/connection_table.h"
#include "ingest/outcome.h"

namespace mailweir {
namespace {

using namespace std::chrono_literals;
using Id = ConnectionTable::Id;
using Phase = Connection::Phase;
using Queue = ConnectionQueue;
using tcp_flag::kAck;
using tcp_flag::kFin;
using tcp_flag::kRst;
using tcp_flag::kSyn;

// Nobody repeats a SYN sooner: RFC 6298 asks for 1 s, and the oldest stacks take 3 s. What comes sooner is the same
// packet seen again.
constexpr Duration kRepeatMin = 500ms;
// Two log lines of one packet may carry neighbouring seconds.
constexpr Duration kTwoRulesMax = 1500ms;
// A jump of the sequence number: bytes that the capture lost up to here, a stray packet beyond.
constexpr std::int32_t kGapMax = 1 << 20;
// Far more than any question asks; keeps the arithmetic away from its limits.
constexpr std::uint32_t kPayloadMax = 1 << 30;

bool opens(const PacketSighting& packet) { return (packet.flags & (kSyn | kAck | kRst | kFin)) == kSyn; }

}  // namespace

struct ConnectionFollower::State {
  using Events = std::vector<ConnectionEvent>;

  explicit State(FollowerLimits chosen)
      : limits(chosen),
        shortest_wait(std::min({chosen.answer_wait, chosen.idle_max, chosen.linger})),
        table(chosen.connections_max) {}

  FollowerLimits limits;
  Duration shortest_wait;
  FollowerCounters counters;
  ConnectionTable table;
  Time now;
  Time wake = Time::min();  // nothing is due before: neither what waited when this was set, nor what came after

  void say(const Connection& connection, ConnectionEvent::Kind kind, Time time, Events& out,
           Outcome outcome = Outcome::Unknown) const {
    const ConnectionKey& key = connection.key;
    ConnectionEvent& event = out.emplace_back();  // filled in place: a copy would wait for what was just written
    event.time = time;
    event.client = key.client;
    event.server = key.server;
    event.client_port = key.client_port;
    event.server_port = key.server_port;
    event.payload = connection.payload;
    event.kind = kind;
    event.outcome = outcome;
    event.view = connection.view;
  }

  void judge(Connection& connection, Outcome outcome, Time time, Events& out) const {
    if (connection.judged || connection.unknowable || connection.view == View::FirstPackets) return;
    connection.judged = true;
    say(connection, ConnectionEvent::Kind::Judged, time, out, outcome);
  }

  // `complete`: the end of the client's bytes was seen, so few of them means few were sent.
  void judge_by_payload(Connection& connection, bool complete, Time time, Events& out) const {
    const Outcome outcome = outcome_of_payload(connection.key.server_port, connection.payload, connection.payload);
    if (complete || outcome == Outcome::Delivered) judge(connection, outcome, time, out);
  }

  void end(Id id) {
    table.at(id).phase = Phase::Over;
    table.move(id, Queue::Ended);
  }

  [[nodiscard]] Time due(Queue queue) const {
    const Id id = table.oldest(queue);
    if (id == ConnectionTable::kNone) return Time::max();
    const Connection& connection = table.at(id);
    if (queue == Queue::Waiting) return connection.opened + limits.answer_wait;
    return connection.last + (queue == Queue::Open ? limits.idle_max : limits.linger);
  }

  void expire(Queue queue, Time when, Events& out) {
    const Id id = table.oldest(queue);
    Connection& connection = table.at(id);
    if (queue == Queue::Waiting) {
      if (connection.view == View::TwoSided || connection.repeated) judge(connection, Outcome::NoAnswer, when, out);
      connection.last = when;  // queues are in order of time
      table.move(id, Queue::Ended);
      return;
    }
    if (connection.phase == Phase::Established)
      judge_by_payload(connection, connection.view == View::TwoSided, when, out);
    table.remove(id);
  }

  struct Soonest {
    Queue queue;
    Time when, others;  // when its first member is due, and the first of all others
  };
  [[nodiscard]] Soonest soonest() const {
    Soonest found{Queue::Waiting, due(Queue::Waiting), Time::max()};
    for (const Queue queue : {Queue::Open, Queue::Ended}) {
      const Time when = due(queue);
      found = when < found.when ? Soonest{queue, when, found.when}
                                : Soonest{found.queue, found.when, std::min(found.others, when)};
    }
    return found;
  }

  void advance(Time time, Events& out) {
    now = std::max(now, time);
    while (wake <= now) {
      auto [queue, when, others] = soonest();
      if (when <= now) {
        expire(queue, when, out);
        if (queue != Queue::Ended) continue;
        // Nothing comes of these but room, so the others need not be asked again after each.
        while ((when = due(queue)) <= now && when < others) expire(queue, when, out);
      }
      wake = std::min({when, others, now + shortest_wait});
    }
  }

  void make_room() {
    Id oldest = table.oldest(Queue::Ended);
    if (oldest != ConnectionTable::kNone) {
      ++counters.forgotten;
      return table.remove(oldest);
    }
    oldest = table.oldest(Queue::Waiting);
    const Id open = table.oldest(Queue::Open);
    if (oldest == ConnectionTable::kNone ||
        (open != ConnectionTable::kNone && table.at(open).last < table.at(oldest).last))
      oldest = open;
    ++counters.given_up;
    table.remove(oldest);
  }

  // What is remembered of the client's last packet, to know it again.
  void remember(Connection& connection, const PacketSighting& packet) const {
    connection.last = now;
    connection.last_ip_id = packet.ip_id;
    connection.last_rule = packet.rule;
    connection.last_payload = static_cast<std::uint16_t>(packet.payload);
    connection.last_flags = packet.flags;
    if (packet.stopped_or_sampled) connection.unknowable = true;
  }

  void open(const ConnectionTable::Place& place, const PacketSighting& packet, Events& out) {
    if (table.full()) make_room();
    const bool only_opening = packet.view == View::FirstPackets;
    Connection& connection = table.at(table.add(place, only_opening ? Queue::Ended : Queue::Waiting));
    connection.opened = now;
    connection.first_sequence = packet.sequence;
    connection.view = packet.view;
    remember(connection, packet);
    ++counters.connections;
    say(connection, ConnectionEvent::Kind::Opened, now, out);
  }

  void skip_copy(Connection& connection, const PacketSighting& packet) {
    ++counters.duplicates;
    if (packet.stopped_or_sampled) connection.unknowable = true;
  }

  // The same packet, logged by another rule.
  [[nodiscard]] bool is_other_rules_copy(const Connection& connection, const PacketSighting& packet) const {
    return packet.rule != connection.last_rule && packet.ip_id == connection.last_ip_id &&
           packet.flags == connection.last_flags &&
           static_cast<std::uint16_t>(packet.payload) == connection.last_payload &&
           now - connection.last < kTwoRulesMax;
  }

  enum class Syn { New, Again, SamePacket };

  // What a SYN between ports that were used before is.
  [[nodiscard]] Syn kind_of_syn(const Connection& old, const PacketSighting& packet) const {
    const Duration gap = now - old.last;
    const bool numbered = packet.sequence != 0 && old.first_sequence != 0;
    if (numbered && packet.sequence != old.first_sequence)
      // A firewall between two points of capture may have changed the number: then it comes at once.
      return old.phase == Phase::Over || gap >= kRepeatMin ? Syn::New : Syn::SamePacket;
    if (gap < kRepeatMin || is_other_rules_copy(old, packet)) return Syn::SamePacket;
    return numbered || old.phase == Phase::Asked ? Syn::Again : Syn::New;
  }

  void on_syn(Id id, const ConnectionTable::Place& place, const PacketSighting& packet, Events& out) {
    if (id == ConnectionTable::kNone) return open(place, packet, out);
    Connection& connection = table.at(id);
    switch (kind_of_syn(connection, packet)) {
      case Syn::SamePacket:
        return skip_copy(connection, packet);
      case Syn::Again:
        ++counters.retransmissions;
        connection.repeated = true;
        remember(connection, packet);
        if (connection.queue != Queue::Waiting) table.move(id, connection.queue);
        return;
      case Syn::New:
        if (connection.phase == Phase::Established)
          judge_by_payload(connection, connection.view == View::TwoSided, now, out);
        table.remove(id);
        return open(place, packet, out);
    }
  }

  void count_payload(Connection& connection, const PacketSighting& packet) const {
    if (connection.payload >= kPayloadMax) return;
    if (connection.first_sequence == 0) {  // a log without sequence numbers: a retransmission counts again
      connection.payload += packet.payload;
      return;
    }
    const auto from = static_cast<std::int32_t>(packet.sequence - connection.first_sequence - 1);
    const auto so_far = static_cast<std::int32_t>(connection.payload);
    if (from < -kGapMax || from > so_far + kGapMax) return;
    const std::int64_t to = std::int64_t{from} + packet.payload;
    if (to > so_far) connection.payload = static_cast<std::uint32_t>(to);
  }

  void on_client(Id id, const PacketSighting& packet, Events& out) {
    Connection& connection = table.at(id);
    if (connection.phase == Phase::Over || packet.view == View::FirstPackets) return;
    if ((packet.flags & kRst) == 0 && (packet.flags & (kAck | kSyn)) != kAck) return;  // no stack sends that
    if (connection.view == View::FirstPackets) connection.view = packet.view;          // another rule shows more
    if (is_other_rules_copy(connection, packet)) return skip_copy(connection, packet);
    remember(connection, packet);
    if ((packet.flags & kRst) != 0) {
      // Before any answer: the client changed its mind, and what the server would have said stays unknown.
      if (connection.phase == Phase::Asked) connection.unknowable = true;
      judge_by_payload(connection, true, now, out);
      return end(id);
    }
    if (connection.phase != Phase::Established) {
      if (connection.phase == Phase::Asked) connection.view = View::OneSided;
      connection.phase = Phase::Established;
      say(connection, ConnectionEvent::Kind::Established, now, out);
    }
    count_payload(connection, packet);
    if ((packet.flags & kFin) == 0) return table.move(id, Queue::Open);
    judge_by_payload(connection, true, now, out);
    end(id);
  }

  void on_server(Id id, const PacketSighting& packet, Events& out) {
    Connection& connection = table.at(id);
    if (connection.phase == Phase::Over || packet.view == View::FirstPackets) return;
    if ((packet.flags & (kRst | kAck)) == 0) return;
    connection.last = now;
    if (packet.view == View::TwoSided) connection.view = View::TwoSided;
    if ((packet.flags & kRst) != 0) {
      // In a log it may be the gateway's own: a rule that rejects with a reset.
      if (connection.view != View::TwoSided) connection.unknowable = true;
      if (connection.phase == Phase::Asked) {
        judge(connection, Outcome::Refused, now, out);
      } else {
        judge_by_payload(connection, true, now, out);
      }
      return end(id);
    }
    if (connection.phase == Phase::Asked) connection.phase = Phase::Answered;
    if ((packet.flags & kFin) != 0) connection.server_done = true;
    table.move(id, Queue::Open);
  }

  void observe(const PacketSighting& packet, bool from_client, Events& out) {
    advance(packet.time, out);
    const ConnectionKey key =
        from_client ? ConnectionKey{packet.source, packet.destination, packet.source_port, packet.destination_port}
                    : ConnectionKey{packet.destination, packet.source, packet.destination_port, packet.source_port};
    const ConnectionTable::Place place = table.place_of(key);
    const Id id = table.find(place);
    if (from_client && opens(packet)) {
      on_syn(id, place, packet, out);
    } else if (id == ConnectionTable::kNone) {
      ++counters.midstream;
    } else if (from_client) {
      on_client(id, packet, out);
    } else {
      on_server(id, packet, out);
    }
  }

  void finish(Events& out) {
    for (Id id; (id = table.oldest(Queue::Waiting)) != ConnectionTable::kNone; table.remove(id)) {
      Connection& connection = table.at(id);
      // A log shows a client that goes on at once; in a capture the answer may still be under way.
      if (connection.view == View::OneSided && connection.repeated) judge(connection, Outcome::NoAnswer, now, out);
    }
    for (Id id; (id = table.oldest(Queue::Open)) != ConnectionTable::kNone; table.remove(id)) {
      Connection& connection = table.at(id);
      if (connection.phase == Phase::Established) judge_by_payload(connection, connection.server_done, now, out);
    }
    for (Id id; (id = table.oldest(Queue::Ended)) != ConnectionTable::kNone;) table.remove(id);
  }
};

ConnectionFollower::ConnectionFollower(FollowerLimits limits) : state_(std::make_unique<State>(limits)) {}
ConnectionFollower::~ConnectionFollower() = default;
ConnectionFollower::ConnectionFollower(ConnectionFollower&&) noexcept = default;
ConnectionFollower& ConnectionFollower::operator=(ConnectionFollower&&) noexcept = default;

void ConnectionFollower::observe(const PacketSighting& packet, bool from_client, std::vector<ConnectionEvent>& out) {
  state_->observe(packet, from_client, out);
}
void ConnectionFollower::fetch() const { state_->table.fetch(); }
void ConnectionFollower::advance(Time now, std::vector<ConnectionEvent>& out) { state_->advance(now, out); }
void ConnectionFollower::finish(std::vector<ConnectionEvent>& out) { state_->finish(out); }
FollowerCounters ConnectionFollower::counters() const { return state_->counters; }

}  // namespace mailweir
