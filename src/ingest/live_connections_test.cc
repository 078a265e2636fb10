#include "ingest/live_connections.h"

#include <gtest/gtest.h>

namespace mailweir {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using Kind = ConnectionEvent::Kind;
using Change = ConntrackEvent::Kind;

const Time kStart{seconds(1'700'000'000)};
const FlowTuple kFlow{*IpAddress::parse("172.16.0.5"), *IpAddress::parse("192.0.2.1"), 40000, 25};

PacketSighting syn(Time time, FlowTuple flow = kFlow, std::uint32_t sequence = 1) {
  PacketSighting packet;
  packet.time = time;
  packet.source = flow.client;
  packet.destination = flow.server;
  packet.source_port = flow.client_port;
  packet.destination_port = flow.server_port;
  packet.sequence = sequence;
  packet.flags = tcp_flag::kSyn;
  return packet;
}

ConntrackEvent update(TcpState state, Time time, FlowTuple flow = kFlow) {
  return {Change::Update, {flow, state, std::nullopt, state != TcpState::SynSent}, time};
}

ConntrackEvent destroy(TcpState state, Time time, std::optional<FlowCounters> counters, bool reply_seen) {
  return {Change::Destroy, {kFlow, state, counters, reply_seen}, time};
}

// `payload` client bytes in 10 packets with timestamps.
FlowCounters counted(std::uint64_t payload) { return {10, 10 * 52 + payload, 10, 10 * 52 + 300}; }

class LiveConnectionsTest : public testing::Test {
 protected:
  LiveConnections connections;
  LiveConnections::Events events;

  void sight(Duration after, std::uint32_t sequence = 1) {
    connections.sighted(syn(kStart + after, kFlow, sequence), events);
  }
  void change(TcpState state, Duration after) { connections.tracked(update(state, kStart + after), events); }
  void count(std::optional<FlowCounters> counters, Duration after) {
    const auto flows = connections.take_ended();
    connections.counted(flows, std::vector(flows.size(), counters), kStart + after, events);
  }
  std::vector<Kind> kinds() const {
    std::vector<Kind> list;
    for (const ConnectionEvent& event : events) list.push_back(event.kind);
    return list;
  }
};

TEST_F(LiveConnectionsTest, ADeliveryIsJudgedWhenItEndsNotWhenItsEntryDies) {
  sight({});
  change(TcpState::SynReceived, milliseconds(10));
  change(TcpState::Established, milliseconds(20));
  change(TcpState::FinWait, seconds(2));
  count(counted(5000), seconds(2));
  change(TcpState::LastAck, seconds(3));
  change(TcpState::TimeWait, seconds(3));
  count(counted(5000), seconds(3));
  connections.tracked(destroy(TcpState::TimeWait, kStart + seconds(120), counted(5100), true), events);
  ASSERT_EQ(kinds(), (std::vector{Kind::Opened, Kind::Established, Kind::Judged}));
  EXPECT_EQ(events[2].outcome, Outcome::Delivered);
  EXPECT_EQ(events[2].payload, 5000U);
  EXPECT_EQ(events[2].time, kStart + seconds(2));
}

TEST_F(LiveConnectionsTest, HeadersWithUnknownOptionsGiveBoundsNotGuesses) {
  sight({});
  change(TcpState::Established, {});
  change(TcpState::Close, seconds(1));
  count(counted(250), seconds(1));  // at most 370 bytes without timestamps: not surely short
  ASSERT_EQ(kinds().back(), Kind::Judged);
  EXPECT_EQ(events.back().outcome, Outcome::Grey);
}

TEST_F(LiveConnectionsTest, ARepeatedSynIsNoAnswerButNoNewConnection) {
  sight({});
  sight(milliseconds(100));  // the same packet, seen by two rules
  EXPECT_EQ(kinds(), std::vector{Kind::Opened});
  sight(seconds(1));
  sight(seconds(3));
  ASSERT_EQ(kinds(), (std::vector{Kind::Opened, Kind::Judged}));
  EXPECT_EQ(events[1].outcome, Outcome::NoAnswer);
  EXPECT_EQ(connections.counters().retransmissions, 2U);
  EXPECT_EQ(connections.counters().connections, 1U);
}

TEST_F(LiveConnectionsTest, ARepeatedSynAfterAnAnswerIsNothing) {
  sight({});
  change(TcpState::SynReceived, milliseconds(900));  // the answer was lost behind us
  sight(seconds(1));
  connections.advance(kStart + seconds(30), events);
  EXPECT_EQ(kinds(), std::vector{Kind::Opened});
}

TEST_F(LiveConnectionsTest, APortUsedAgainIsANewConnection) {
  sight({}, 1);
  sight(seconds(1), 2);
  EXPECT_EQ(kinds(), (std::vector{Kind::Opened, Kind::Opened}));
}

TEST_F(LiveConnectionsTest, SilenceIsNoAnswerAfterTheWaitAndNotBefore) {
  sight({});
  EXPECT_EQ(connections.next_due(), kStart + seconds(10));
  connections.advance(kStart + seconds(10) - Duration{1}, events);
  EXPECT_EQ(kinds(), std::vector{Kind::Opened});
  connections.advance(kStart + seconds(10), events);
  ASSERT_EQ(kinds(), (std::vector{Kind::Opened, Kind::Judged}));
  EXPECT_EQ(events[1].outcome, Outcome::NoAnswer);
  sight(seconds(15));  // still remembered
  EXPECT_EQ(events.size(), 2U);
  connections.advance(kStart + seconds(15 + 65), events);
  EXPECT_FALSE(connections.next_due()) << "and then forgotten";
}

TEST_F(LiveConnectionsTest, AResetSynIsRefusedByItsCountersOrItsState) {
  sight({});
  connections.tracked(destroy(TcpState::Close, kStart + milliseconds(1), FlowCounters{1, 60, 1, 40}, false), events);
  ASSERT_EQ(kinds(), (std::vector{Kind::Opened, Kind::Judged}));
  EXPECT_EQ(events[1].outcome, Outcome::Refused);

  sight(seconds(5), 7);
  connections.tracked(destroy(TcpState::Close, kStart + seconds(6), std::nullopt, false), events);
  ASSERT_EQ(events.size(), 4U);
  EXPECT_EQ(events[3].outcome, Outcome::Refused);
}

TEST_F(LiveConnectionsTest, AnEntryThatIsDeletedByHandIsNoEvidence) {
  sight({});
  connections.tracked(destroy(TcpState::SynSent, kStart + seconds(1), FlowCounters{1, 60, 0, 0}, false), events);
  connections.advance(kStart + seconds(60), events);
  EXPECT_EQ(kinds(), std::vector{Kind::Opened});
}

TEST_F(LiveConnectionsTest, AResetAfterTheAnswerIsShortWithoutAHandshake) {
  sight({});
  change(TcpState::SynReceived, milliseconds(10));
  change(TcpState::Close, milliseconds(20));
  count(FlowCounters{2, 100, 1, 60}, milliseconds(20));
  ASSERT_EQ(kinds(), (std::vector{Kind::Opened, Kind::Judged}));
  EXPECT_EQ(events[1].outcome, Outcome::Short);
}

TEST_F(LiveConnectionsTest, MergedNewsOfAFinStillMeansAHandshake) {
  sight({});
  change(TcpState::LastAck, milliseconds(20));
  count(counted(100), milliseconds(20));
  EXPECT_EQ(kinds(), (std::vector{Kind::Opened, Kind::Established, Kind::Judged}));
}

TEST_F(LiveConnectionsTest, WithoutCountersTheLastWordJudgesOrNobodyDoes) {
  sight({});
  change(TcpState::Established, {});
  change(TcpState::FinWait, seconds(1));
  count(std::nullopt, seconds(1));
  EXPECT_EQ(connections.counters().uncounted, 1U);
  EXPECT_EQ(kinds(), (std::vector{Kind::Opened, Kind::Established}));
  connections.tracked(destroy(TcpState::TimeWait, kStart + seconds(120), counted(5000), true), events);
  ASSERT_EQ(kinds().back(), Kind::Judged);
  EXPECT_EQ(events.back().outcome, Outcome::Delivered);
}

TEST_F(LiveConnectionsTest, WhoseOpeningWasNotSeenSaysNothing) {
  change(TcpState::Established, {});
  change(TcpState::FinWait, seconds(1));
  EXPECT_TRUE(events.empty());
  EXPECT_TRUE(connections.take_ended().empty());
  EXPECT_EQ(connections.counters().midstream, 2U);
}

TEST_F(LiveConnectionsTest, AfterALossSilenceMeansNothingUntilTheListIsThere) {
  sight({});
  FlowTuple other = kFlow;
  other.client_port = 40001;
  connections.sighted(syn(kStart, other), events);
  FlowTuple third = kFlow;
  third.client_port = 40002;
  connections.sighted(syn(kStart, third), events);
  connections.lost();
  sight(seconds(1));
  connections.advance(kStart + seconds(20), events);
  EXPECT_EQ(kinds(), (std::vector{Kind::Opened, Kind::Opened, Kind::Opened}));

  // The first was answered meanwhile, the second still waits, the third is gone: nobody knows how.
  const ConntrackFlow flows[] = {{kFlow, TcpState::Established, counted(1), true},
                                 {other, TcpState::SynSent, counted(0), false}};
  connections.relisted(flows, kStart + seconds(20), events);
  connections.advance(kStart + seconds(21), events);
  ASSERT_EQ(events.size(), 5U);
  EXPECT_EQ(events[3].kind, Kind::Established);
  EXPECT_EQ(events[3].client_port, kFlow.client_port);
  EXPECT_EQ(events[4].outcome, Outcome::NoAnswer);
  EXPECT_EQ(events[4].client_port, other.client_port);
  EXPECT_EQ(connections.counters().unseen, 1U);
}

TEST_F(LiveConnectionsTest, WhatWasCutOffSaysNothingMore) {
  sight({});
  change(TcpState::Established, {});
  const std::uint16_t submission[] = {465, 587};
  EXPECT_TRUE(connections.forget(IpPrefix::host(kFlow.client), submission).empty()) << "other ports stay";
  const std::uint16_t transfer[] = {25};
  EXPECT_EQ(connections.forget(IpPrefix::host(kFlow.client), transfer), std::vector{kFlow});
  connections.tracked(destroy(TcpState::Established, kStart + seconds(1), counted(10), true), events);
  EXPECT_EQ(kinds(), (std::vector{Kind::Opened, Kind::Established}));
}

TEST_F(LiveConnectionsTest, TimesNeverGoBack) {
  sight(seconds(5));
  connections.sighted(syn(kStart, {kFlow.client, kFlow.server, 40001, 25}), events);
  EXPECT_EQ(events[1].time, events[0].time);
}

TEST(LiveConnectionsLimit, TheOldestIsGivenUpAndCounted) {
  LiveConnections connections(LiveLimits{.connections_max = 2});
  LiveConnections::Events events;
  for (std::uint16_t port = 1; port <= 5; ++port) {
    connections.sighted(syn(kStart, {kFlow.client, kFlow.server, port, 25}), events);
  }
  EXPECT_EQ(events.size(), 5U);
  EXPECT_EQ(connections.counters().given_up, 3U);
  events.clear();
  connections.advance(kStart + seconds(10), events);
  EXPECT_EQ(events.size(), 2U);
}

TEST(LiveConnectionsLimit, AFloodGivesUpWhatNobodyAnsweredBeforeWhatIsOpen) {
  LiveConnections connections(LiveLimits{.connections_max = 8});
  LiveConnections::Events events;
  connections.sighted(syn(kStart), events);
  connections.tracked(update(TcpState::Established, kStart), events);
  for (std::uint16_t port = 1; port <= 100; ++port) {
    connections.sighted(syn(kStart, {kFlow.client, kFlow.server, port, 25}), events);
  }
  EXPECT_EQ(connections.counters().given_up, 93U);
  connections.tracked(update(TcpState::FinWait, kStart + seconds(1)), events);
  EXPECT_EQ(connections.take_ended().size(), 1U) << "the open connection was forgotten";
}

}  // namespace
}  // namespace mailweir
