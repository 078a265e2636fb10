#include "dns/cache.h"

#include <algorithm>

namespace mailweir {

std::shared_ptr<const DnsAnswer> AnswerCache::find(const CacheKey& key, Time now) {
  const auto found = index_.find(key);
  if (found == index_.end()) return nullptr;
  if (found->second->until > now) return found->second->answer;
  entries_.erase(found->second);
  index_.erase(found);
  return nullptr;
}

void AnswerCache::keep(const CacheKey& key, std::shared_ptr<const DnsAnswer> answer, Time until, Time now) {
  if (until <= now || entries_max_ == 0) return;
  if (const auto found = index_.find(key); found != index_.end()) {
    entries_.erase(found->second);
    index_.erase(found);
  }
  if (entries_.size() >= entries_max_) {
    forgotten_ += entries_.front().until > now ? 1 : 0;
    index_.erase(entries_.front().key);
    entries_.pop_front();
  }
  entries_.push_back({key, std::move(answer), until});
  index_.emplace(key, std::prev(entries_.end()));
}

Duration time_to_keep(const DnsAnswer& answer, Duration failure, Duration longest) {
  if (answer.outcome != DnsOutcome::Answered && answer.outcome != DnsOutcome::NoName) return failure;
  const Message& message = answer.message;
  std::uint32_t ttl_s = UINT32_MAX;
  for (const Record& record : message.answers) ttl_s = std::min(ttl_s, record.ttl_s);
  if (message.answers.empty() || answer.outcome == DnsOutcome::NoName) {
    const auto soa = std::find_if(message.authority.begin(), message.authority.end(),
                                  [](const Record& record) { return record.type == RecordType::Soa; });
    if (soa == message.authority.end()) return Duration{0};
    ttl_s = std::min({ttl_s, soa->ttl_s, soa->minimum_s});
  }
  return std::min<Duration>(std::chrono::seconds(ttl_s), longest);
}

}  // namespace mailweir
