#include "ingest/connection_table.h"

#include <memory>

#include "base/folded_hash.h"
#include "base/must.h"
#include "sys/random.h"

namespace mailweir {
ConnectionTable::Place ConnectionTable::place_of(const ConnectionKey& key) const {
  const std::uint64_t ports = std::uint64_t{key.client_port} << 16 | key.server_port;
  const std::uint64_t client = folded_product(key.client.high ^ secret_[0], key.client.low ^ secret_[1]);
  const std::uint64_t server = folded_product(key.server.high ^ secret_[2], key.server.low ^ secret_[3]);
  return {key, folded_product(client ^ ports, server ^ secret_[4])};
}

ConnectionTable::ConnectionTable(std::uint32_t connections_max)
    : connections_max_(connections_max), ids_(0, Hash{this}, Equal{this}) {
  MUST(connections_max > 0);
  fill_random({reinterpret_cast<std::uint8_t*>(secret_.data()), sizeof secret_});
}

ConnectionTable::Id ConnectionTable::find(const Place& place) const {
  const auto found = ids_.find(place);
  return found == ids_.end() ? kNone : *found;
}

ConnectionTable::Id ConnectionTable::add(const Place& place, ConnectionQueue queue) {
  MUST(!full());
  Id id;
  if (free_.empty()) {
    id = static_cast<Id>(slots_.size());
    slots_.emplace_back();
  } else {
    id = free_.back();
    free_.pop_back();
    std::construct_at(&slots_[id]);  // in place: a copy of an empty one would wait for what was just written
  }
  slots_[id].key = place.key;
  slots_[id].hash = place.hash;
  link(id, queue);
  const bool added = ids_.insert(id).second;
  MUST(added);
  return id;
}

void ConnectionTable::remove(Id id) {
  ids_.erase(id);
  unlink(id);
  free_.push_back(id);
}

void ConnectionTable::move(Id id, ConnectionQueue queue) {
  if (slots_[id].queue == queue && ends_[index_of(queue)].newest == id) return;
  unlink(id);
  link(id, queue);
}

void ConnectionTable::link(Id id, ConnectionQueue queue) {
  Ends& ends = ends_[index_of(queue)];
  Connection& connection = slots_[id];
  connection.queue = queue;
  connection.older = ends.newest;
  connection.newer = kNone;
  (ends.newest == kNone ? ends.oldest : slots_[ends.newest].newer) = id;
  ends.newest = id;
}

void ConnectionTable::unlink(Id id) {
  Ends& ends = ends_[index_of(slots_[id].queue)];
  const Connection& connection = slots_[id];
  (connection.older == kNone ? ends.oldest : slots_[connection.older].newer) = connection.newer;
  (connection.newer == kNone ? ends.newest : slots_[connection.newer].older) = connection.older;
}

}  // namespace mailweir
