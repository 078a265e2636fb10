// The connections a follower remembers: found by their addresses and ports, given up in the order of their age.
//
// Invariants
//   (1) Every connection stands in exactly one queue, whose members came in the order of their times.
//   (2) Nothing is allocated per packet; memory grows with the most connections ever held at once.
// Threads: one at a time.
#pragma once

#include <array>
#include <boost/unordered/unordered_flat_set.hpp>
#include <cstdint>
#include <vector>

#include "base/flow_tuple.h"
#include "base/time.h"
#include "record/packet_sighting.h"

namespace mailweir {

using ConnectionKey = FlowTuple;

enum class ConnectionQueue : std::uint8_t {
  Waiting,  // SYN seen, nothing else: by time of the first SYN
  Open,     // answered: by time of the last packet
  Ended,    // everything said; remembered for stragglers: by time of the last packet
};

struct Connection {
  enum class Phase : std::uint8_t { Asked, Answered, Established, Over };

  ConnectionKey key;
  std::uint64_t hash = 0;  // of the key
  Time opened, last;
  std::uint32_t first_sequence = 0;  // of the SYN; 0: the source does not show sequence numbers
  std::uint32_t payload = 0;         // client's bytes so far
  std::uint32_t older = 0, newer = 0;
  std::uint16_t last_ip_id = 0, last_rule = 0, last_payload = 0;  // of the client's last packet
  std::uint8_t last_flags = 0;
  ConnectionQueue queue = ConnectionQueue::Waiting;
  Phase phase = Phase::Asked;
  View view = View::TwoSided;
  bool repeated : 1 = false;     // the SYN came again
  bool judged : 1 = false;       // Judged was said
  bool unknowable : 1 = false;   // the source cannot show how this one ends
  bool server_done : 1 = false;  // the server's FIN was seen
};

class ConnectionTable {
 public:
  using Id = std::uint32_t;
  static constexpr Id kNone = 0xffff'ffff;

  explicit ConnectionTable(std::uint32_t connections_max);
  ConnectionTable(const ConnectionTable&) = delete;  // the hash points back here
  ConnectionTable& operator=(const ConnectionTable&) = delete;

  // A key and its hash in this table, so that looking for it and adding it hashes once.
  struct Place {
    ConnectionKey key;
    std::uint64_t hash;
  };
  [[nodiscard]] Place place_of(const ConnectionKey& key) const;
  [[nodiscard]] Id find(const Place& place) const;
  [[nodiscard]] Id find(const ConnectionKey& key) const { return find(place_of(key)); }
  // REQUIRES: key is not in the table, and !full().
  Id add(const Place& place, ConnectionQueue queue);
  Id add(const ConnectionKey& key, ConnectionQueue queue) { return add(place_of(key), queue); }
  void remove(Id id);
  // To the end of `queue`.
  void move(Id id, ConnectionQueue queue);

  [[nodiscard]] Connection& at(Id id) { return slots_[id]; }
  [[nodiscard]] const Connection& at(Id id) const { return slots_[id]; }
  [[nodiscard]] Id oldest(ConnectionQueue queue) const { return ends_[index_of(queue)].oldest; }
  [[nodiscard]] bool full() const { return ids_.size() >= connections_max_; }

 private:
  // The keys come from whoever we watch, so the hash has a secret; it is kept in the slot and never worked out twice.
  struct Hash {
    using is_transparent = void;
    using is_avalanching = void;
    const ConnectionTable* table;
    std::size_t operator()(const Place& place) const noexcept { return place.hash; }
    std::size_t operator()(Id id) const noexcept { return table->slots_[id].hash; }
  };
  struct Equal {
    using is_transparent = void;
    const ConnectionTable* table;
    bool operator()(Id a, Id b) const noexcept { return a == b; }
    bool operator()(const Place& place, Id id) const noexcept { return place.key == table->slots_[id].key; }
    bool operator()(Id id, const Place& place) const noexcept { return place.key == table->slots_[id].key; }
  };
  struct Ends {
    Id oldest = kNone, newest = kNone;
  };
  static std::size_t index_of(ConnectionQueue queue) { return static_cast<std::size_t>(queue); }
  void link(Id id, ConnectionQueue queue);
  void unlink(Id id);

  std::uint32_t connections_max_;
  std::array<std::uint64_t, 5> secret_{};
  std::vector<Connection> slots_;
  std::vector<Id> free_;
  std::array<Ends, 3> ends_;
  boost::unordered_flat_set<Id, Hash, Equal> ids_;
};

}  // namespace mailweir
