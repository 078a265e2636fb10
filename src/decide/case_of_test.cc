#include "decide/case_of.h"

#include <gtest/gtest.h>

#include "decide/case_id.h"

namespace mailweir {
namespace {

using std::chrono::hours;
using std::chrono::minutes;

const Time kNow = *parse_time("2026-11-22T19:43:00Z");

CaseRecord block(const char* client, Time since, std::uint32_t repeat) {
  CaseRecord record;
  record.client = *IpPrefix::parse(client);
  record.since = since;
  record.until = since + hours(1);
  record.ports = {25};
  record.repeat = repeat;
  return record;
}

TEST(CaseOf, ADecisionIsACase) {
  Decision decision;
  decision.action = Decision::Action::Block;
  decision.case_id = "mw-1";
  decision.finding.client = *IpPrefix::parse("172.16.0.66");
  decision.finding.reason = "9 new mail networks";
  decision.finding.decided_after_connections = 14;
  decision.finding.evidence = {{"failed", 5, "5 of 9"}};
  decision.roles = {MailRole::Submission};
  decision.since = kNow;
  decision.length = hours(2);
  decision.repeat = 1;
  decision.policy_line = 3;
  const CaseRecord record = case_of(decision, "mailweir.toml");
  EXPECT_EQ(record.id, "mw-1");
  EXPECT_EQ(record.until, kNow + hours(2));
  EXPECT_EQ(record.ports, (std::vector<std::uint16_t>{465, 587}));
  EXPECT_EQ(record.by, "detector");
  EXPECT_FALSE(record.by_hand);
  EXPECT_EQ(record.connections, 14U);
  EXPECT_EQ(record.evidence.size(), 1U);
  EXPECT_EQ(record.policy_file, "mailweir.toml");
  EXPECT_EQ(roles_of(record.ports), decision.roles);
}

TEST(Histories, CountBlocksButNotLiftedOnes) {
  CaseRecord replaced = block("172.16.0.1", kNow, 1);
  replaced.ended = CaseEnd{kNow + minutes(1), "mw-2", true, {}};
  CaseRecord lifted = block("172.16.0.2", kNow, 1);
  lifted.ended = CaseEnd{kNow + minutes(5), "alice", false, {}};
  CaseRecord notice = block("172.16.0.3", kNow, 0);
  notice.action = Decision::Action::Notice;
  const CaseRecord cases[] = {replaced, lifted, notice, block("172.16.0.1", kNow + minutes(1), 1)};
  const auto known = histories(cases);
  ASSERT_EQ(known.size(), 2U);
  EXPECT_EQ(known.at(replaced.client).blocks, 2U);
  EXPECT_EQ(known.at(replaced.client).until, kNow + minutes(61));
  EXPECT_EQ(known.at(lifted.client).blocks, 1U);
  EXPECT_EQ(known.at(lifted.client).until, kNow + minutes(5));
}

TEST(CaseIds, ACaseByHandIsToldFromTheDetectors) {
  CaseIds detector, hand(CaseIds::Asked::ByHand);
  EXPECT_EQ(hand.next(kNow), detector.next(kNow) + "h");
}

}  // namespace
}  // namespace mailweir
