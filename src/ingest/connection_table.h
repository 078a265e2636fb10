// The connections a follower remembers: found by their addresses and ports, given up in the order of their age.
//
// Invariants
//   (1) Every connection stands in exactly one queue, whose members came in the order of their times.
//   (2) Nothing is allocated per packet; memory grows with the most connections ever held at once.
// Threads: one at a time.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include "base/flow_tuple.h"
#include "base/folded_hash.h"
#include "base/must.h"
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

  Connection(const ConnectionKey& of, std::uint32_t hash_of_key) : key(of), hash(hash_of_key) {}

  ConnectionKey key;
  std::uint32_t hash;           // of the key
  std::uint32_t in_bucket = 0;  // the next one there
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

  // A key and its hash in this table, so that looking for it and adding it hashes once.
  struct Place {
    ConnectionKey key;
    std::uint32_t hash;
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
  // Asks for the memory of all connections, unless they are very many: a table that others have pushed out of the cache
  // is then there again at once, not piece by piece.
  void fetch() const;
  [[nodiscard]] bool full() const { return size_ >= connections_max_; }

 private:
  struct Ends {
    Id oldest = kNone, newest = kNone;
  };
  static std::size_t index_of(ConnectionQueue queue) { return static_cast<std::size_t>(queue); }
  void link(Id id, ConnectionQueue queue);
  void unlink(Id id);
  [[nodiscard]] Id& bucket_of(std::uint32_t hash) { return buckets_[hash & (buckets_.size() - 1)]; }
  void grow();

  std::uint32_t connections_max_;
  std::array<std::uint64_t, 5> secret_{};  // of the hash: the keys come from whoever we watch
  std::vector<Connection> slots_;
  std::vector<Id> free_;
  std::array<Ends, 3> ends_;
  // The first connection of each; the others hang on it. A connection comes and goes once and is rarely asked for in
  // between: a chain is two words changed each time, where open addressing looks for places (8 ns a line of `analyze`).
  std::vector<Id> buckets_;
  std::size_t size_ = 0;
};

// In the header because each is asked once or twice a packet.
inline ConnectionTable::Place ConnectionTable::place_of(const ConnectionKey& key) const {
  const std::uint64_t ports = std::uint64_t{key.client_port} << 16 | key.server_port;
  const std::uint64_t client = folded_product(key.client.high ^ secret_[0], key.client.low ^ secret_[1]);
  const std::uint64_t server = folded_product(key.server.high ^ secret_[2], key.server.low ^ secret_[3]);
  return {key, static_cast<std::uint32_t>(folded_product(client ^ ports, server ^ secret_[4]))};
}

inline ConnectionTable::Id ConnectionTable::find(const Place& place) const {
  Id id = buckets_[place.hash & (buckets_.size() - 1)];
  while (id != kNone && (slots_[id].hash != place.hash || slots_[id].key != place.key)) id = slots_[id].in_bucket;
  return id;
}

inline ConnectionTable::Id ConnectionTable::add(const Place& place, ConnectionQueue queue) {
  MUST(!full());
  Id id;
  if (free_.empty()) {
    id = static_cast<Id>(slots_.size());
    slots_.emplace_back(place.key, place.hash);
  } else {
    id = free_.back();
    free_.pop_back();
    std::construct_at(&slots_[id], place.key, place.hash);  // in place: a copy would wait for what was just written
  }
  if (++size_ > buckets_.size()) grow();
  slots_[id].in_bucket = std::exchange(bucket_of(place.hash), id);
  link(id, queue);
  return id;
}

inline void ConnectionTable::remove(Id id) {
  Id* here = &bucket_of(slots_[id].hash);
  while (*here != id) here = &slots_[*here].in_bucket;
  *here = slots_[id].in_bucket;
  --size_;
  unlink(id);
  free_.push_back(id);
}

inline void ConnectionTable::link(Id id, ConnectionQueue queue) {
  Ends& ends = ends_[index_of(queue)];
  Connection& connection = slots_[id];
  connection.queue = queue;
  connection.older = ends.newest;
  connection.newer = kNone;
  (ends.newest == kNone ? ends.oldest : slots_[ends.newest].newer) = id;
  ends.newest = id;
}

inline void ConnectionTable::unlink(Id id) {
  Ends& ends = ends_[index_of(slots_[id].queue)];
  const Connection& connection = slots_[id];
  (connection.older == kNone ? ends.oldest : slots_[connection.older].newer) = connection.newer;
  (connection.newer == kNone ? ends.newest : slots_[connection.newer].older) = connection.older;
}

}  // namespace mailweir
