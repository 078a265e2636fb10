#include "ingest/connection_table.h"

#include "sys/random.h"

namespace mailweir {
namespace {

constexpr std::size_t kBucketsMin = 256;  // a power of two
constexpr std::size_t kFetchedMost = 256 << 10, kCacheLine = 64;

}  // namespace

ConnectionTable::ConnectionTable(std::uint32_t connections_max)
    : connections_max_(connections_max), buckets_(kBucketsMin, kNone) {
  MUST(connections_max > 0);
  fill_random({reinterpret_cast<std::uint8_t*>(secret_.data()), sizeof secret_});
}

void ConnectionTable::grow() {
  buckets_.assign(buckets_.size() * 2, kNone);
  for (const Ends& ends : ends_) {
    for (Id id = ends.oldest; id != kNone; id = slots_[id].newer) {
      slots_[id].in_bucket = std::exchange(bucket_of(slots_[id].hash), id);
    }
  }
}

void ConnectionTable::fetch() const {
  const std::size_t bytes = slots_.size() * sizeof(Connection);
  if (bytes > kFetchedMost) return;
  const auto* const begin = reinterpret_cast<const char*>(slots_.data());
  for (std::size_t at = 0; at < bytes; at += kCacheLine) __builtin_prefetch(begin + at, 1);
}

void ConnectionTable::move(Id id, ConnectionQueue queue) {
  if (slots_[id].queue == queue && ends_[index_of(queue)].newest == id) return;
  unlink(id);
  link(id, queue);
}

}  // namespace mailweir
