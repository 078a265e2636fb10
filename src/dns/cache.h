// Answers that still hold.
//
// Invariant: at most `entries_max`; the one stored longest ago goes first, and is counted when it still held.
// Threads: one.  Sources: RFC 1035 section 3.2.1 (TTL), RFC 2308 sections 5 and 7.
#pragma once

#include <cstdint>
#include <list>
#include <memory>
#include <string>
#include <unordered_map>

#include "base/time.h"
#include "dns/answer.h"

namespace mailweir {

struct CacheKey {
  std::uint32_t group = 0;  // of servers that know the same
  RecordType type = RecordType::A;
  std::string name;

  friend bool operator==(const CacheKey&, const CacheKey&) = default;
};

struct CacheKeyHash {
  std::size_t operator()(const CacheKey& key) const {
    return std::hash<std::string>{}(key.name) ^ (std::size_t{key.group} << 20 | static_cast<std::size_t>(key.type));
  }
};

class AnswerCache {
 public:
  explicit AnswerCache(std::size_t entries_max) : entries_max_(entries_max) {}

  [[nodiscard]] std::shared_ptr<const DnsAnswer> find(const CacheKey& key, Time now);
  void keep(const CacheKey& key, std::shared_ptr<const DnsAnswer> answer, Time until, Time now);
  [[nodiscard]] std::uint64_t forgotten() const { return forgotten_; }

 private:
  struct Entry {
    CacheKey key;
    std::shared_ptr<const DnsAnswer> answer;
    Time until;
  };
  std::size_t entries_max_;
  std::uint64_t forgotten_ = 0;
  std::list<Entry> entries_;  // the oldest first
  std::unordered_map<CacheKey, std::list<Entry>::iterator, CacheKeyHash> index_;
};

// How long the answer holds: the shortest TTL of its records; without any, the smaller of the TTL and the minimum of
// the zone's SOA record; nothing when it has neither. Failures: `failure`.
[[nodiscard]] Duration time_to_keep(const DnsAnswer& answer, Duration failure, Duration longest);

}  // namespace mailweir
