#include "decide/decider.h"

#include <gtest/gtest.h>

namespace mailweir {
namespace {

using std::chrono::hours;
using std::chrono::seconds;
using Action = Decision::Action;

const Time kNow = *parse_time("2026-11-22T19:43:00Z");

IpPrefix prefix(const char* text) { return *IpPrefix::parse(text); }

ClientReport spammer(const char* client) {
  ClientReport finding;
  finding.client = prefix(client);
  finding.verdict = Verdict::Spammer;
  finding.evidence = {{"new-destinations-25", 10.4, ""}, {"failed", 5.0, ""}};
  return finding;
}

ClientReport submission_spammer(const char* client) {
  ClientReport finding = spammer(client);
  finding.evidence = {{"new-destinations-submission", 12.0, ""}, {"failed", 3.5, ""}};
  return finding;
}

Policy gateway() {
  Policy policy;
  policy.gateway.emplace();
  policy.gateway->clients = {{prefix("172.16.0.0/12"), prefix("fd16::/32")}, 2};
  policy.gateway->transfer = {Answer::Watch, 3};
  policy.gateway->submission = {Answer::Watch, 4};
  policy.gateway->mail_servers = {{prefix("172.16.9.25"), prefix("fd16::25:0:0:0:25")}, 5};
  policy.gateway->exempt = {{prefix("172.20.0.0/16")}, 6};
  return policy;
}

TEST(Decider, BlocksASpammerOnThePortsItAbused) {
  Decider decider(gateway());
  const Decision decision = decider.decide(spammer("172.16.0.66"), kNow);
  EXPECT_EQ(decision.action, Action::Block);
  EXPECT_EQ(ports_of(decision), (std::vector<std::uint16_t>{25}));
  EXPECT_EQ(decision.since, kNow);
  EXPECT_EQ(decision.length, hours(1));
  EXPECT_EQ(decision.repeat, 0U);
  EXPECT_EQ(decision.policy_line, 3);
  EXPECT_EQ(decision.case_id, "mw-20261122-194300-0000");

  const Decision other = decider.decide(submission_spammer("172.16.0.67"), kNow);
  EXPECT_EQ(ports_of(other), (std::vector<std::uint16_t>{465, 587}));
  EXPECT_EQ(other.policy_line, 4);
  EXPECT_NE(other.case_id, decision.case_id);
}

TEST(Decider, AClientOfAGroupIsJudgedByTheGroupsAnswersAndTheirPlace) {
  Policy policy = gateway();
  GatewayGroup& group = policy.gateway->groups.emplace_back();
  group.clients.value = {*IpPrefix::parse("172.16.0.64/26")};
  group.transfer = {Answer::Watch, 7, "10-guests.toml"};
  Decider decider(policy);
  const Decision inside = decider.decide(spammer("172.16.0.66"), kNow);
  EXPECT_EQ(inside.policy_line, 7);
  EXPECT_EQ(inside.policy_file, "10-guests.toml");
  policy.gateway->groups.front().transfer.value = Answer::Block;  // stopped by a rule, not by a decision
  EXPECT_EQ(Decider(policy).decide(spammer("172.16.0.66"), kNow).action, Decision::Action::Exempt);
  EXPECT_EQ(Decider(policy).decide(spammer("172.16.0.5"), kNow).policy_line, 3);
}

TEST(Decider, BothRolesAreCutOnlyIfBothContributed) {
  Decider decider(gateway());
  ClientReport finding = spammer("172.16.0.66");
  finding.evidence.push_back({"new-destinations-submission", 0.99, ""});
  EXPECT_EQ(abused_roles(finding), (std::vector{MailRole::Transfer}));
  finding.evidence.back().nats = 1.0;
  EXPECT_EQ(ports_of(decider.decide(finding, kNow)), (std::vector<std::uint16_t>{25, 465, 587}));
}

TEST(Decider, AFindingWithoutNewDestinationsCutsWhatTheClientUsed) {
  ClientReport finding = spammer("172.16.0.66");
  finding.evidence = {{"earlier-block", 7.7, ""}};
  finding.ports = {{{25, 0}, {465, 3}, {587, 1}}};
  EXPECT_EQ(abused_roles(finding), (std::vector{MailRole::Submission}));
}

TEST(Decider, DoublesTheLengthForRepeatOffendersUpToTheLongest) {
  Decider decider(gateway());
  Time now = kNow;
  std::vector<hours> lengths;
  for (std::uint32_t repeat = 0; repeat < 7; ++repeat) {
    const Decision decision = decider.decide(spammer("172.16.0.66"), now);
    EXPECT_EQ(decision.repeat, repeat);
    lengths.push_back(std::chrono::duration_cast<hours>(decision.length));
    now = end_of(decision);
    EXPECT_EQ(decider.ended(now), (std::vector{prefix("172.16.0.66")}));
  }
  EXPECT_EQ(lengths, (std::vector{hours(1), hours(2), hours(4), hours(8), hours(16), hours(24), hours(24)}));
}

TEST(Decider, ForgivesAfterAMonth) {
  Decider decider(gateway());
  const Time end = end_of(decider.decide(spammer("172.16.0.66"), kNow));
  EXPECT_EQ(decider.history(prefix("172.16.0.66"), end + Decider::kForgiven).blocks, 1U);
  EXPECT_EQ(decider.history(prefix("172.16.0.66"), end + Decider::kForgiven + seconds(1)).blocks, 0U);
}

TEST(Decider, ARunningBlockIsContinuedNotRepeated) {
  Decider decider(gateway());
  const Time end = end_of(decider.decide(spammer("172.16.0.66"), kNow));
  const Decision again = decider.decide(submission_spammer("172.16.0.66"), kNow + seconds(10));
  EXPECT_EQ(again.repeat, 0U);
  EXPECT_EQ(ports_of(again), (std::vector<std::uint16_t>{25, 465, 587}));
  EXPECT_EQ(end_of(again), end + seconds(10));
  EXPECT_TRUE(decider.ended(end).empty());  // it was moved on
  EXPECT_EQ(decider.ended(end + seconds(10)).size(), 1U);
}

TEST(Decider, NeverBlocksTheExemptAndTheRegistered) {
  Decider decider(gateway());
  EXPECT_EQ(decider.decide(spammer("172.20.3.4"), kNow).action, Action::Exempt);
  EXPECT_EQ(decider.decide(spammer("172.20.3.4"), kNow).policy_line, 6);
  EXPECT_EQ(decider.decide(spammer("172.19.255.255"), kNow).action, Action::Block);
  EXPECT_EQ(decider.decide(spammer("172.16.9.25"), kNow).action, Action::Exempt);
  EXPECT_EQ(decider.decide(spammer("172.16.9.25"), kNow).policy_line, 5);
  // Blocking the /64 would cut off the mail server that lives in it.
  EXPECT_EQ(decider.decide(spammer("fd16:0:0:25::/64"), kNow).action, Action::Exempt);
  EXPECT_EQ(decider.decide(spammer("fd16:0:0:26::/64"), kNow).action, Action::Block);
  ClientReport registered = spammer("172.16.0.1");
  registered.registered = true;
  EXPECT_EQ(decider.decide(registered, kNow).action, Action::Exempt);
}

TEST(Decider, AllowMeansNotBlockedOnThosePorts) {
  Policy policy = gateway();
  policy.gateway->transfer = {Answer::Allow, 3};
  Decider decider(policy);
  const Decision on_25 = decider.decide(spammer("172.16.0.66"), kNow);
  EXPECT_EQ(on_25.action, Action::Exempt);
  EXPECT_EQ(on_25.policy_line, 3);
  EXPECT_TRUE(ports_of(on_25).empty());

  ClientReport both = spammer("172.16.0.67");
  both.evidence.push_back({"new-destinations-submission", 5, ""});
  EXPECT_EQ(ports_of(decider.decide(both, kNow)), (std::vector<std::uint16_t>{465, 587}));
}

TEST(Decider, WithoutAGatewaySectionForwardedMailIsLeftAlone) {
  Decider decider({});
  EXPECT_EQ(decider.decide(spammer("172.16.0.66"), kNow).action, Action::Exempt);
}

TEST(Decider, AnUndecidedClientIsANotice) {
  Decider decider(gateway());
  ClientReport finding = spammer("172.16.0.66");
  finding.verdict = Verdict::Undecided;
  const Decision decision = decider.decide(finding, kNow);
  EXPECT_EQ(decision.action, Action::Notice);
  EXPECT_TRUE(decision.roles.empty());
  EXPECT_FALSE(decider.next_end());
}

TEST(Decider, WatchOnlySaysWhatWouldHaveBeen) {
  Decider decider(gateway(), Mode::WatchOnly);
  const Decision decision = decider.decide(spammer("172.16.0.66"), kNow);
  EXPECT_EQ(decision.action, Action::WatchOnly);
  EXPECT_EQ(ports_of(decision), (std::vector<std::uint16_t>{25}));
  EXPECT_EQ(decision.length, hours(1));
  EXPECT_EQ(decider.next_end(), kNow + hours(1));
}

TEST(BlockLength, StaysBetweenForAndMax) {
  EXPECT_EQ(block_length(hours(1), hours(24), 4), hours(16));
  EXPECT_EQ(block_length(hours(1), hours(24), 5), hours(24));
  EXPECT_EQ(block_length(hours(1), hours(24), UINT32_MAX), hours(24));
  EXPECT_EQ(block_length(hours(2), hours(1), 3), hours(2));
  EXPECT_EQ(block_length(hours(0), hours(1), UINT32_MAX), hours(0));
}

TEST(CaseIds, AreNeverTheSameAndNeverGoBack) {
  CaseIds ids;
  EXPECT_EQ(ids.next(kNow + std::chrono::microseconds(4'299)), "mw-20261122-194300-0042");
  EXPECT_EQ(ids.next(kNow + std::chrono::microseconds(4'299)), "mw-20261122-194300-0043");
  EXPECT_EQ(ids.next(kNow), "mw-20261122-194300-0044");
  EXPECT_EQ(ids.next(kNow + seconds(1)), "mw-20261122-194301-0000");
}

TEST(Decider, WhatALedgerRemembersCounts) {
  Decider decider(gateway());
  decider.recall(prefix("172.16.0.66"), {2, kNow - hours(1), {MailRole::Transfer}});
  const Decision decision = decider.decide(spammer("172.16.0.66"), kNow);
  EXPECT_EQ(decision.repeat, 2U);
  EXPECT_EQ(decision.length, hours(4));
  // An older memory changes nothing.
  decider.recall(prefix("172.16.0.66"), {9, kNow, {MailRole::Transfer}});
  EXPECT_EQ(decider.history(prefix("172.16.0.66"), kNow).blocks, 3U);
  decider.recall(prefix("172.16.0.67"), {1, kNow - hours(24 * 31), {MailRole::Transfer}});
  EXPECT_EQ(decider.decide(spammer("172.16.0.67"), kNow).repeat, 0U) << "forgiven after a month";
}

TEST(Decider, ABlockThatRunsInTheLedgerEndsAndIsTold) {
  Decider decider(gateway());
  decider.recall(prefix("172.16.0.66"), {1, kNow + hours(1), {MailRole::Transfer}});
  EXPECT_TRUE(decider.ended(kNow).empty());
  EXPECT_EQ(decider.next_end(), kNow + hours(1));
  EXPECT_EQ(decider.ended(kNow + hours(1)), (std::vector{prefix("172.16.0.66")}));
}

TEST(Decider, ALiftedBlockEndsAtOnceAndCountsForNothing) {
  Decider decider(gateway());
  EXPECT_EQ(decider.decide(spammer("172.16.0.66"), kNow).length, hours(1));
  EXPECT_TRUE(decider.ended(kNow).empty());
  decider.lifted(prefix("172.16.0.66"), kNow);
  EXPECT_EQ(decider.ended(kNow + seconds(1)), (std::vector{prefix("172.16.0.66")}));
  EXPECT_TRUE(decider.ended(kNow + hours(2)).empty()) << "once";
  EXPECT_EQ(decider.decide(spammer("172.16.0.66"), kNow + hours(2)).repeat, 0U);
  decider.lifted(prefix("172.16.0.99"), kNow);  // nobody's block
}

ClientReport suspect(const char* client, Doubt doubt = Doubt::UnregisteredServer) {
  ClientReport finding = spammer(client);
  finding.verdict = Verdict::Undecided;
  finding.doubt = doubt;
  return finding;
}

TEST(Decider, ASuspectedServerIsSlowedDownAndNeverBlocked) {
  Decider decider(gateway());
  const Decision decision = decider.decide(suspect("172.16.0.25"), kNow);
  EXPECT_EQ(decision.action, Action::Throttle);
  EXPECT_EQ(ports_of(decision), (std::vector<std::uint16_t>{25}));
  EXPECT_EQ(decision.length, hours(25)) << "the detector tells of a doubt once a day";
  EXPECT_EQ(decider.history(prefix("172.16.0.25"), kNow).blocks, 0U) << "it is nobody's offence";
  EXPECT_EQ(decider.decide(suspect("172.16.0.26", Doubt::SlowSpam), kNow).action, Action::Throttle);

  ClientReport learned = suspect("172.16.0.27", Doubt::ChangedServer);
  learned.verdict = Verdict::Server;
  EXPECT_EQ(decider.decide(learned, kNow).action, Action::Throttle);
  learned.registered = true;
  EXPECT_EQ(decider.decide(learned, kNow).action, Action::Notice) << "told, and never slowed down";
}

TEST(Decider, WhoIsBlockedIsNotSlowedDownInsteadButToldOf) {
  Decider decider(gateway());
  ASSERT_EQ(decider.decide(spammer("172.16.0.66"), kNow).action, Action::Block);
  EXPECT_EQ(decider.decide(suspect("172.16.0.66"), kNow + std::chrono::minutes(59)).action, Action::Notice);
  EXPECT_EQ(decider.decide(suspect("172.16.0.66"), kNow + std::chrono::minutes(61)).action, Action::Throttle);
}

TEST(Decider, ASuspectIsOnlyToldOfWhereThePolicySaysSo) {
  Policy notice = gateway();
  notice.gateway->suspects = {SuspectAnswer::Notice, 7};
  EXPECT_EQ(Decider(notice).decide(suspect("172.16.0.25"), kNow).action, Action::Notice);
  EXPECT_EQ(Decider(gateway(), Mode::WatchOnly).decide(suspect("172.16.0.25"), kNow).action, Action::Notice);
  EXPECT_EQ(Decider(gateway()).decide(suspect("172.20.0.1"), kNow).action, Action::Exempt);
  Policy open = gateway();
  open.gateway->transfer = {Answer::Allow, 3};
  EXPECT_EQ(Decider(open).decide(suspect("172.16.0.25"), kNow).action, Action::Notice);
}

}  // namespace
}  // namespace mailweir
