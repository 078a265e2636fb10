#include "dns/cache.h"

#include <gtest/gtest.h>

namespace mailweir {
namespace {

constexpr Duration kFailure = std::chrono::seconds(30), kLongest = std::chrono::hours(3);
const Time kNow = *parse_time("2026-11-22T12:00:00Z");

Record record(RecordType type, std::uint32_t ttl_s, std::uint32_t minimum_s = 0) {
  return {.owner = "example", .type = type, .ttl_s = ttl_s, .minimum_s = minimum_s};
}

double kept_s(DnsOutcome outcome, std::vector<Record> answers, std::vector<Record> authority = {}) {
  DnsAnswer answer;
  answer.outcome = outcome;
  answer.message.answers = std::move(answers);
  answer.message.authority = std::move(authority);
  return seconds(time_to_keep(answer, kFailure, kLongest));
}

TEST(TimeToKeep, IsTheShortestOfItsRecords) {
  EXPECT_EQ(kept_s(DnsOutcome::Answered, {record(RecordType::Cname, 300), record(RecordType::A, 60)}), 60);
  EXPECT_EQ(kept_s(DnsOutcome::Answered, {record(RecordType::A, 0)}), 0);
  EXPECT_EQ(kept_s(DnsOutcome::Answered, {record(RecordType::A, 1'000'000)}), 3 * 3600) << "there is a longest";
}

TEST(TimeToKeep, OfThereIsNoneIsTheSmallerOfTtlAndMinimum) {
  EXPECT_EQ(kept_s(DnsOutcome::NoName, {}, {record(RecordType::Soa, 3600, 60)}), 60);
  EXPECT_EQ(kept_s(DnsOutcome::Answered, {}, {record(RecordType::Soa, 20, 60)}), 20);
  EXPECT_EQ(kept_s(DnsOutcome::NoName, {}), 0) << "without an SOA record it is not kept (RFC 2308 section 5)";
  EXPECT_EQ(kept_s(DnsOutcome::NoName, {record(RecordType::Cname, 10)}, {record(RecordType::Soa, 3600, 60)}), 10);
}

TEST(TimeToKeep, OfFailuresIsShort) {
  for (const DnsOutcome outcome : {DnsOutcome::ServFail, DnsOutcome::Refused, DnsOutcome::TimedOut})
    EXPECT_EQ(kept_s(outcome, {}), 30);
}

TEST(AnswerCache, ForgetsWhenTheTimeIsOver) {
  AnswerCache cache(10);
  const CacheKey key{0, RecordType::A, "a.example"};
  cache.keep(key, std::make_shared<const DnsAnswer>(), kNow + std::chrono::seconds(5), kNow);
  EXPECT_NE(cache.find(key, kNow + std::chrono::seconds(4)), nullptr);
  EXPECT_EQ(cache.find(key, kNow + std::chrono::seconds(5)), nullptr);
  EXPECT_EQ(cache.find({1, RecordType::A, "a.example"}, kNow), nullptr) << "another group knows nothing of it";
  EXPECT_EQ(cache.find({0, RecordType::Aaaa, "a.example"}, kNow), nullptr);
}

TEST(AnswerCache, HoldsNoMoreThanItMayAndCountsWhatWent) {
  AnswerCache cache(3);
  for (int i = 0; i < 5; ++i)
    cache.keep({0, RecordType::A, std::to_string(i)}, std::make_shared<const DnsAnswer>(), kNow + std::chrono::hours(1),
               kNow);
  EXPECT_EQ(cache.find({0, RecordType::A, "1"}, kNow), nullptr);
  EXPECT_NE(cache.find({0, RecordType::A, "2"}, kNow), nullptr);
  EXPECT_EQ(cache.forgotten(), 2U);
  AnswerCache none(0);
  none.keep({0, RecordType::A, "a"}, std::make_shared<const DnsAnswer>(), kNow + std::chrono::hours(1), kNow);
  EXPECT_EQ(none.find({0, RecordType::A, "a"}, kNow), nullptr);
}

}  // namespace
}  // namespace mailweir
