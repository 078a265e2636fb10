// The kernel's connections: which entry a packet belongs to, and the state rules see of it.
//
// Sources: nf_conntrack_core.c (nf_conntrack_in, resolve_normal_ct, __nf_conntrack_confirm), nf_conntrack_proto_*.c of
// Linux 6.18. Not modelled: helpers and expectations, zones, GRE keys, SCTP's own states, a full table. Time is the
// caller's: an entry ends when its timeout has passed. A value: a copy is where another world goes on. Handles stay
// valid in copies.
#pragma once

#include <boost/unordered/unordered_flat_map.hpp>
#include <compare>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>

#include "base/time.h"
#include "simulate/packet_values.h"
#include "simulate/tcp_tracking.h"

namespace mailweir::rules {

// What both directions of a connection are found by. Ports of ICMP: identifier, and type * 256 + code of the request.
struct FlowKey {
  IpAddress source, destination;
  std::uint16_t source_port = 0, destination_port = 0;
  std::uint8_t protocol = 0;
  friend bool operator==(const FlowKey&, const FlowKey&) = default;
  [[nodiscard]] FlowKey reversed() const;  // of an answer, before any translation
};
struct FlowKeyHash {
  std::size_t operator()(const FlowKey& key) const noexcept;
};

struct Connection {
  FlowKey original, reply;  // reply: of its answers; other than original.reversed() once translated
  TcpTracking tcp;
  Time ends;
  std::uint32_t mark = 0;
  bool seen_reply = false, assured = false, confirmed = false, gone = false;
  bool source_translated = false, destination_translated = false;
  bool source_settled = false, destination_settled = false;  // translation has decided, perhaps on nothing
};

using ConnectionId = std::uint32_t;

// What a packet has to do with a connection.
struct Tracked {
  ConnectionState state = ConnectionState::Invalid;
  std::optional<ConnectionId> connection;
  bool reply = false;  // against the connection's direction
};

struct ConnectionSettings {
  TcpTrackingSettings tcp;
  bool check_sums = true;  // nf_conntrack_checksum
};

class ConnectionTable {
 public:
  explicit ConnectionTable(ConnectionSettings settings = {}) : settings_(settings) {}

  // nf_conntrack_in(): a new connection is not in the table before confirm(). `arriving`: not made here, so its
  // checksum counts.
  [[nodiscard]] Tracked track(const SimulatedPacket& packet, bool arriving, Time now);
  void confirm(ConnectionId id, Time now);

  [[nodiscard]] Connection& at(ConnectionId id) { return connections_[id]; }
  [[nodiscard]] const Connection& at(ConnectionId id) const { return connections_[id]; }
  // Would an answer's key meet another connection's? Then a translation must choose another port.
  [[nodiscard]] bool is_taken(const FlowKey& reply) const { return by_key_.contains(reply); }
  [[nodiscard]] std::size_t size() const { return by_key_.size() / 2; }

 private:
  struct Found {
    ConnectionId id;
    bool reply;
  };
  [[nodiscard]] std::optional<Found> find(const FlowKey& key, Time now);
  [[nodiscard]] Tracked track_error(const SimulatedPacket& packet, Time now);
  [[nodiscard]] Tracked track_flow(const SimulatedPacket& packet, const FlowKey& key, Time now);
  void forget(ConnectionId id);

  ConnectionSettings settings_;
  boost::unordered_flat_map<FlowKey, Found, FlowKeyHash> by_key_;
  std::deque<Connection> connections_;
};

// The key a packet is found by. Nothing: it never belongs to a connection of its own (ICMP errors, later fragments).
[[nodiscard]] std::optional<FlowKey> flow_key(const SimulatedPacket& packet);
// An ICMP or ICMPv6 error, which quotes another packet.
[[nodiscard]] bool is_icmp_error(std::uint8_t protocol, std::uint8_t type);

// Sets the field that tells how far the connection has come.
void show_status(const Connection& connection, PacketValues& values);
// Sets all fields a rule can ask of the connection.
void show_connection(const Tracked& tracked, const Connection* connection, PacketValues& values);

}  // namespace mailweir::rules
