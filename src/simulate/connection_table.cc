#include "simulate/connection_table.h"

#include <algorithm>

namespace mailweir::rules {

namespace {

using std::chrono::seconds;

// nf_conntrack_proto_{udp,icmp,icmpv6,generic}.c
constexpr seconds kUdpTimeout{30}, kUdpStreamTimeout{120}, kIcmpTimeout{30}, kGenericTimeout{600};

struct Question {
  std::uint8_t protocol, type, answer;
};
// invmap[] of nf_conntrack_proto_icmp.c and nf_conntrack_proto_icmpv6.c; only these open a connection (valid_new[]).
constexpr Question kQuestions[] = {{kIcmp, 8, 0},   {kIcmp, 13, 14},    {kIcmp, 15, 16},
                                   {kIcmp, 17, 18}, {kIcmp6, 128, 129}, {kIcmp6, 139, 140}};

std::optional<std::uint8_t> inverse_of(std::uint8_t protocol, std::uint8_t type) {
  for (const Question& question : kQuestions) {
    if (question.protocol != protocol) continue;
    if (question.type == type) return question.answer;
    if (question.answer == type) return question.type;
  }
  return std::nullopt;
}

bool is_question(std::uint8_t protocol, std::uint8_t type) {
  return std::ranges::any_of(kQuestions, [&](const Question& q) { return q.protocol == protocol && q.type == type; });
}

// noct_valid_new[]: neighbour discovery and listener reports are never tracked.
bool is_neighbour_message(std::uint8_t type) { return (type >= 130 && type <= 136) || type == 143; }

std::uint8_t icmp_type(const SimulatedPacket& packet) {
  return static_cast<std::uint8_t>(packet.values.number<std::uint32_t>(Field::IcmpTypeCode) >> 8);
}

bool is_icmp(std::uint8_t protocol) { return protocol == kIcmp || protocol == kIcmp6; }

std::size_t mixed(std::uint64_t value) {
  value *= 0x9e3779b97f4a7c15ULL;
  return value ^ (value >> 29);
}

}  // namespace

FlowKey FlowKey::reversed() const {
  if (!is_icmp(protocol)) return {destination, source, destination_port, source_port, protocol};
  const auto type = static_cast<std::uint8_t>(destination_port >> 8);
  const std::uint8_t answer = inverse_of(protocol, type).value_or(type);
  return {destination, source, source_port, static_cast<std::uint16_t>(answer << 8 | (destination_port & 0xff)),
          protocol};
}

std::size_t FlowKeyHash::operator()(const FlowKey& key) const noexcept {
  std::size_t hash = mixed(key.source.low ^ mixed(key.source.high));
  hash = mixed(hash ^ key.destination.low ^ mixed(key.destination.high + 1));
  return mixed(hash ^ (std::uint64_t{key.source_port} << 32 | std::uint64_t{key.destination_port} << 8 | key.protocol));
}

bool is_icmp_error(std::uint8_t protocol, std::uint8_t type) {
  if (protocol == kIcmp6) return type >= 1 && type <= 4;
  return protocol == kIcmp && (type == 3 || type == 4 || type == 5 || type == 11 || type == 12);
}

std::optional<FlowKey> flow_key(const SimulatedPacket& packet) {
  const PacketValues& values = packet.values;
  FlowKey key{values.address(Field::SourceAddress), values.address(Field::DestinationAddress), 0, 0, packet.protocol()};
  if (!is_icmp(key.protocol)) {
    key.source_port = values.number<std::uint16_t>(Field::SourcePort);
    key.destination_port = values.number<std::uint16_t>(Field::DestinationPort);
    return key;
  }
  const std::uint8_t type = icmp_type(packet);
  if (is_icmp_error(key.protocol, type) || !inverse_of(key.protocol, type)) return std::nullopt;
  key.source_port = packet.icmp_id;
  key.destination_port = values.number<std::uint16_t>(Field::IcmpTypeCode);
  return key;
}

std::optional<ConnectionTable::Found> ConnectionTable::find(const FlowKey& key, Time now) {
  const auto found = by_key_.find(key);
  if (found == by_key_.end()) return std::nullopt;
  if (connections_[found->second.id].ends > now) return found->second;
  forget(found->second.id);
  return std::nullopt;
}

void ConnectionTable::forget(ConnectionId id) {
  Connection& connection = connections_[id];
  connection.gone = true;
  if (!connection.confirmed) return;
  by_key_.erase(connection.original);
  by_key_.erase(connection.reply);
}

void ConnectionTable::confirm(ConnectionId id, Time now) {
  Connection& connection = connections_[id];
  if (connection.confirmed || connection.gone) return;
  connection.confirmed = true;
  const Duration timeout = connection.original.protocol == kTcp    ? timeout_of(connection.tcp.state())
                           : connection.original.protocol == kUdp  ? Duration{kUdpTimeout}
                           : is_icmp(connection.original.protocol) ? Duration{kIcmpTimeout}
                                                                   : Duration{kGenericTimeout};
  connection.ends = now + timeout;
  by_key_[connection.original] = {id, false};
  by_key_[connection.reply] = {id, true};
}

Tracked ConnectionTable::track(const SimulatedPacket& packet, bool arriving, Time now) {
  if (arriving && packet.bad_checksum && settings_.check_sums) return {};
  const std::uint8_t protocol = packet.protocol();
  if (is_icmp(protocol)) {
    const std::uint8_t type = icmp_type(packet);
    if (protocol == kIcmp6 && is_neighbour_message(type)) return {ConnectionState::Untracked, std::nullopt, false};
    if (is_icmp_error(protocol, type)) return track_error(packet, now);
  }
  if (protocol == kTcp && !are_valid_tcp_flags(packet.values.number<std::uint8_t>(Field::TcpFlags))) return {};
  const std::optional<FlowKey> key = flow_key(packet);
  return key ? track_flow(packet, *key, now) : Tracked{};
}

// nf_conntrack_inet_error(): the packet quoted was sent by us or passed here, so its answers' key finds it.
Tracked ConnectionTable::track_error(const SimulatedPacket& packet, Time now) {
  if (!packet.quoted) return {};
  const QuotedPacket& quoted = *packet.quoted;
  const FlowKey key{quoted.source, quoted.destination, quoted.source_port, quoted.destination_port, quoted.protocol};
  const std::optional<Found> found = find(key.reversed(), now);
  if (!found) return {};
  const Connection& connection = connections_[found->id];
  // The error must come to where the quoted packet came from.
  const FlowKey& back = found->reply ? connection.reply : connection.original;
  if (packet.values.address(Field::DestinationAddress) != back.destination) return {};
  return {ConnectionState::Related, found->id, found->reply};
}

Tracked ConnectionTable::track_flow(const SimulatedPacket& packet, const FlowKey& key, Time now) {
  const bool tcp = key.protocol == kTcp;
  const std::optional<Found> found = find(key, now);
  if (!found) {
    Connection connection;
    connection.original = key;
    connection.reply = key.reversed();
    if (tcp && !connection.tcp.open(TcpSegment::of(packet), settings_.tcp)) return {};
    if (is_icmp(key.protocol) && !is_question(key.protocol, icmp_type(packet))) return {};
    // The first segment passes through the table of states like any other.
    if (tcp && connection.tcp.segment(TcpSegment::of(packet), false, false, connection.assured, settings_.tcp) ==
                   TcpTracking::Outcome::Invalid)
      return {};
    connections_.push_back(std::move(connection));
    return {ConnectionState::New, static_cast<ConnectionId>(connections_.size() - 1), false};
  }
  Connection& connection = connections_[found->id];
  const ConnectionState state =
      found->reply || connection.seen_reply ? ConnectionState::Established : ConnectionState::New;
  const Tracked tracked{state, found->id, found->reply};
  if (tcp) {
    switch (connection.tcp.segment(TcpSegment::of(packet), found->reply, connection.seen_reply, connection.assured,
                                   settings_.tcp)) {
      case TcpTracking::Outcome::Invalid:
        return {};
      case TcpTracking::Outcome::Repeat:
        forget(found->id);
        return track_flow(packet, key, now);
      case TcpTracking::Outcome::Forget:
        forget(found->id);
        break;
      case TcpTracking::Outcome::Accept:
        connection.ends = now + timeout_of(connection.tcp.state());
        break;
    }
  } else if (key.protocol == kUdp) {
    connection.ends = now + (connection.seen_reply ? kUdpStreamTimeout : kUdpTimeout);
  } else {
    connection.ends = now + (is_icmp(key.protocol) ? kIcmpTimeout : kGenericTimeout);
  }
  if (found->reply) connection.seen_reply = true;
  return tracked;
}

void show_status(const Connection& connection, PacketValues& values) {
  values.set(Field::ConnectionStatus, (connection.seen_reply ? 2U : 0U) | (connection.assured ? 4U : 0U) |
                                          (connection.confirmed ? 8U : 0U) | (connection.source_translated ? 16U : 0U) |
                                          (connection.destination_translated ? 32U : 0U));
}

void show_connection(const Tracked& tracked, const Connection* connection, PacketValues& values) {
  const bool snat = connection != nullptr && connection->source_translated;
  const bool dnat = connection != nullptr && connection->destination_translated;
  values.set(Field::ConnectionState, connection_state_value(tracked.state, snat, dnat));
  if (connection == nullptr) return;
  show_status(*connection, values);
  values.set(Field::ConnectionMark, connection->mark);
  values.set(Field::ConnectionDirection, tracked.reply ? 1 : 0);
  values.set(Field::ConnectionProtocol, connection->original.protocol);
  values.set(Field::OriginalSource, connection->original.source);
  values.set(Field::OriginalDestination, connection->original.destination);
  values.set(Field::OriginalSourcePort, connection->original.source_port);
  values.set(Field::OriginalDestinationPort, connection->original.destination_port);
  values.set(Field::ReplySource, connection->reply.source);
  values.set(Field::ReplyDestination, connection->reply.destination);
  values.set(Field::ReplySourcePort, connection->reply.source_port);
  values.set(Field::ReplyDestinationPort, connection->reply.destination_port);
}

}  // namespace mailweir::rules
