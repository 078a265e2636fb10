#include "enforce/enforcer.h"

#include <gtest/gtest.h>

#include "tests/support/fake_kernel.h"
#include "tests/support/watch_table.h"

namespace mailweir {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

const Time kStart{seconds(1'700'000'000)};

Decision block(const char* client, std::string case_id, std::vector<MailRole> roles = {MailRole::Transfer},
               Duration length = hours(1), Time since = kStart) {
  Decision decision;
  decision.action = Decision::Action::Block;
  decision.case_id = std::move(case_id);
  decision.finding.client = *IpPrefix::parse(client);
  decision.roles = std::move(roles);
  decision.since = since;
  decision.length = length;
  return decision;
}

class EnforcerTest : public testing::Test {
 protected:
  EnforcerTest() { install(); }
  void install() {
    WatchTable wanted;
    wanted.clients = {*IpPrefix::parse("172.16.0.0/12")};
    wanted.ports = {25};
    EXPECT_TRUE(kernel.install(wanted.compiled()));
  }
  FakeKernel kernel;
  Enforcer enforcer{kernel};
};

TEST_F(EnforcerTest, ADecisionIsInForceWhenTheKernelSaidSo) {
  enforcer.want(block("172.16.0.5", "mw-1"));
  EXPECT_TRUE(enforcer.take_confirmed().empty());
  ASSERT_TRUE(enforcer.reconcile(kStart));
  EXPECT_EQ(enforcer.take_confirmed(), std::vector<std::string>{"mw-1"});
  EXPECT_TRUE(enforcer.take_confirmed().empty()) << "once";
  ASSERT_EQ(kernel.blocks()->size(), 1U);
  EXPECT_EQ(kernel.blocks()->front().scope, BlockScope::TransferOnly);
  EXPECT_TRUE(enforcer.is_blocked(*IpPrefix::parse("172.16.0.5"), 25));
  EXPECT_FALSE(enforcer.is_blocked(*IpPrefix::parse("172.16.0.5"), 587));
  EXPECT_FALSE(enforcer.is_blocked(*IpPrefix::parse("172.16.0.6"), 25));
}

TEST_F(EnforcerTest, WhatTheKernelRefusesIsTriedAgainAndNeverOutlastsItsDecision) {
  kernel.fail_with(ErrorCode::Refused);
  enforcer.want(block("172.16.0.5", "mw-1"));
  EXPECT_FALSE(enforcer.reconcile(kStart));
  EXPECT_EQ(enforcer.waiting(), 1U);
  EXPECT_EQ(enforcer.counters().failed, 1U);
  kernel.fail_with(std::nullopt);
  ASSERT_TRUE(enforcer.reconcile(kStart + minutes(20)));
  EXPECT_EQ(kernel.blocks()->front().left, minutes(40));
  EXPECT_EQ(enforcer.waiting(), 0U);
}

TEST_F(EnforcerTest, ADecisionWhoseTimeIsOverIsGivenUp) {
  kernel.fail_with(ErrorCode::Refused);
  enforcer.want(block("172.16.0.5", "mw-1"));
  EXPECT_FALSE(enforcer.reconcile(kStart));
  kernel.fail_with(std::nullopt);
  ASSERT_TRUE(enforcer.reconcile(kStart + hours(1)));
  EXPECT_TRUE(kernel.blocks()->empty());
  EXPECT_EQ(enforcer.counters().given_up, 1U);
}

TEST_F(EnforcerTest, OfTwoDecisionsAboutOneClientTheLaterHolds) {
  enforcer.want(block("172.16.0.5", "mw-1"));
  enforcer.want(block("172.16.0.5", "mw-2", {MailRole::Transfer, MailRole::Submission}, hours(2)));
  ASSERT_TRUE(enforcer.reconcile(kStart));
  ASSERT_EQ(kernel.blocks()->size(), 1U);
  EXPECT_EQ(kernel.blocks()->front().case_id, "mw-2");
  EXPECT_EQ(kernel.blocks()->front().scope, BlockScope::AllSending);
}

TEST_F(EnforcerTest, AfterAFlushTheBlocksThatRunAreSetAgain) {
  enforcer.want(block("172.16.0.5", "mw-1"));
  enforcer.want(block("172.16.0.6", "mw-2", {MailRole::Transfer}, minutes(5)));
  ASSERT_TRUE(enforcer.reconcile(kStart));
  kernel.flush_ruleset();
  install();
  ASSERT_TRUE(enforcer.restore(kStart + minutes(10)));
  ASSERT_EQ(kernel.blocks()->size(), 1U) << "the other would have ended";
  EXPECT_EQ(kernel.blocks()->front().left, minutes(50));
  EXPECT_EQ(enforcer.counters().restored, 1U);
}

TEST_F(EnforcerTest, ANewProcessFindsTheBlocksOfTheOneBefore) {
  enforcer.want(block("172.16.0.5", "mw-1"));
  ASSERT_TRUE(enforcer.reconcile(kStart));
  kernel.advance(minutes(10));
  Enforcer next(kernel);
  const auto resumed = next.resume(kStart + minutes(10));
  ASSERT_TRUE(resumed);
  ASSERT_EQ(resumed->size(), 1U);
  EXPECT_EQ(resumed->front().block.case_id, "mw-1");
  EXPECT_EQ(resumed->front().until, kStart + hours(1));
  EXPECT_TRUE(next.is_blocked(*IpPrefix::parse("172.16.0.5"), 25));
  next.advance(kStart + hours(1));
  EXPECT_FALSE(next.is_blocked(*IpPrefix::parse("172.16.0.5"), 25));
}

TEST_F(EnforcerTest, WhatPeopleDidIsBelieved) {
  const IpPrefix ours = *IpPrefix::parse("172.16.0.5"), theirs = *IpPrefix::parse("172.16.0.6");
  enforcer.want(block("172.16.0.5", "mw-1"));
  ASSERT_TRUE(enforcer.reconcile(kStart));
  EXPECT_FALSE(enforcer.is_news(ours, "mw-1")) << "our own doing";
  const auto nothing = enforcer.follow(kStart);
  ASSERT_TRUE(nothing);
  EXPECT_TRUE(nothing->added.empty() && nothing->lifted.empty());

  EXPECT_TRUE(enforcer.is_news(ours, std::nullopt));
  EXPECT_TRUE(enforcer.is_news(theirs, "mw-2h"));
  EXPECT_FALSE(enforcer.is_news(theirs, std::nullopt));
  const IpPrefix lifted[] = {ours};
  const Block added[] = {{theirs, BlockScope::AllSending, "mw-2h", hours(2), {}, 0}};
  ASSERT_TRUE(kernel.remove_blocks(lifted) && kernel.add_blocks(added));
  const auto did = enforcer.follow(kStart + minutes(1));
  ASSERT_TRUE(did);
  ASSERT_EQ(did->lifted.size(), 1U);
  EXPECT_EQ(did->lifted[0].block.case_id, "mw-1");
  ASSERT_EQ(did->added.size(), 1U);
  EXPECT_EQ(did->added[0].until, kStart + minutes(1) + hours(2));
  EXPECT_FALSE(enforcer.is_blocked(ours, 25));
  EXPECT_TRUE(enforcer.is_blocked(theirs, 587));
  // And so it comes back after a flush: theirs, not ours.
  kernel.flush_ruleset();
  EXPECT_FALSE(enforcer.follow(kStart + minutes(2))) << "no table tells nothing about blocks";
  install();
  ASSERT_TRUE(enforcer.restore(kStart + minutes(2)));
  ASSERT_EQ(kernel.blocks()->size(), 1U);
  EXPECT_EQ(kernel.blocks()->front().case_id, "mw-2h");
}

TEST_F(EnforcerTest, ABlockPutBackLastsOnlyWhatIsLeftOfIt) {
  enforcer.put_back({*IpPrefix::parse("172.16.0.5"), BlockScope::AllSending, "mw-1", hours(4), {}, 0},
                    kStart + hours(1));
  ASSERT_TRUE(enforcer.reconcile(kStart));
  ASSERT_EQ(kernel.blocks()->size(), 1U);
  EXPECT_EQ(kernel.blocks()->front().length, hours(1));
}

TEST(Scope, RolesAndScopesAreTheSameThing) {
  EXPECT_EQ(scope_of({MailRole::Transfer}), BlockScope::TransferOnly);
  EXPECT_EQ(scope_of({MailRole::Submission}), BlockScope::SubmissionOnly);
  EXPECT_EQ(scope_of({MailRole::Transfer, MailRole::Submission}), BlockScope::AllSending);
  for (const BlockScope scope : {BlockScope::AllSending, BlockScope::TransferOnly, BlockScope::SubmissionOnly}) {
    EXPECT_EQ(scope_of(roles_of(scope)), scope);
  }
}

TEST_F(EnforcerTest, ABlockIsCountedOnceShortlyBeforeItEnds) {
  enforcer.want(block("172.16.0.5", "mw-1", {MailRole::Transfer}, minutes(1)));
  enforcer.want(block("172.16.0.6", "mw-2", {MailRole::Transfer}, hours(1)));
  ASSERT_TRUE(enforcer.reconcile(kStart));
  kernel.stop_packets(*IpPrefix::parse("172.16.0.5"), 12);
  EXPECT_EQ(enforcer.next_count(), kStart + minutes(1) - Enforcer::kCountBefore);
  EXPECT_TRUE(enforcer.count_ending(kStart + seconds(58)).empty());
  const auto counted = enforcer.count_ending(kStart + seconds(59));
  ASSERT_EQ(counted.size(), 1U);
  EXPECT_EQ(counted[0].id, "mw-1");
  EXPECT_EQ(counted[0].packets_stopped, 12U);
  EXPECT_TRUE(enforcer.count_ending(kStart + seconds(59)).empty());
  EXPECT_EQ(enforcer.next_count(), kStart + hours(1) - Enforcer::kCountBefore);
}

TEST_F(EnforcerTest, ALongerBlockInItsPlaceIsNotCountedAtTheEndOfTheFirst) {
  enforcer.want(block("172.16.0.5", "mw-1", {MailRole::Transfer}, minutes(1)));
  ASSERT_TRUE(enforcer.reconcile(kStart));
  enforcer.want(block("172.16.0.5", "mw-2", {MailRole::Transfer}, hours(1)));
  ASSERT_TRUE(enforcer.reconcile(kStart));
  EXPECT_TRUE(enforcer.count_ending(kStart + minutes(1)).empty());
  EXPECT_EQ(enforcer.next_count(), kStart + hours(1) - Enforcer::kCountBefore);
  kernel.fail_with(ErrorCode::Refused);
  EXPECT_TRUE(enforcer.count_ending(kStart + hours(1) - seconds(1)).empty()) << "nobody knows";
}

TEST_F(EnforcerTest, WhoIsSlowedDownIsNotBlocked) {
  Decision slow = block("172.16.0.25", "mw-1");
  slow.action = Decision::Action::Throttle;
  enforcer.want(slow);
  ASSERT_TRUE(enforcer.reconcile(kStart));
  ASSERT_EQ(kernel.blocks()->size(), 1U);
  EXPECT_EQ(kernel.blocks()->front().scope, BlockScope::SlowedDown);
  EXPECT_FALSE(enforcer.is_blocked(*IpPrefix::parse("172.16.0.25"), 25)) << "what it does still is evidence";
  EXPECT_EQ(enforcer.counters().slowed, 1U);
  EXPECT_EQ(enforcer.counters().added, 0U);
  EXPECT_EQ(enforcer.slowed(), 1U);
  EXPECT_EQ(enforcer.blocks(), 0U);
  enforcer.want(block("172.16.0.25", "mw-2"));
  ASSERT_TRUE(enforcer.reconcile(kStart));
  EXPECT_EQ(enforcer.slowed(), 0U);
  EXPECT_EQ(enforcer.blocks(), 1U);
  EXPECT_TRUE(enforcer.is_blocked(*IpPrefix::parse("172.16.0.25"), 25));
}

TEST_F(EnforcerTest, WhoIsSlowedDownIsCountedUntilItIsLiftedOrItsTimeIsUp) {
  for (const char* client : {"172.16.0.25", "172.16.0.26", "172.16.0.27"}) {
    Decision slow = block(client, std::string("mw-") + client);
    slow.action = Decision::Action::Throttle;
    enforcer.want(slow);
  }
  ASSERT_TRUE(enforcer.reconcile(kStart));
  EXPECT_EQ(enforcer.slowed(), 3U);
  const IpPrefix first[] = {*IpPrefix::parse("172.16.0.25")};
  ASSERT_TRUE(enforcer.lift(first));
  EXPECT_EQ(enforcer.slowed(), 2U);
  EXPECT_EQ(kernel.blocks()->size(), 2U);
  const IpPrefix second[] = {*IpPrefix::parse("172.16.0.26")};
  ASSERT_TRUE(kernel.remove_blocks(second));
  EXPECT_EQ(enforcer.follow(kStart)->lifted.size(), 1U);
  EXPECT_EQ(enforcer.slowed(), 1U);
  enforcer.advance(kStart + std::chrono::days(2));
  EXPECT_EQ(enforcer.slowed(), 0U);
  EXPECT_EQ(enforcer.blocks(), 0U);
}

}  // namespace
}  // namespace mailweir
