#include "ingest/connection_follower.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>

namespace mailweir {
namespace {

using namespace std::chrono_literals;
using namespace tcp_flag;
using Kind = ConnectionEvent::Kind;

const Time kStart = *parse_time("2026-11-22T19:43:00Z");

// A connection told packet by packet, and what the follower makes of it.
struct Story {
  explicit Story(View source = View::TwoSided, FollowerLimits limits = {}) : follower(limits), view(source) {}

  ConnectionFollower follower;
  View view;
  std::vector<ConnectionEvent> events;
  Time now = kStart;
  IpAddress client = *IpAddress::parse("172.16.0.7"), server = *IpAddress::parse("198.51.100.9");
  std::uint16_t client_port = 40000, server_port = 25;
  std::uint32_t sequence = 1000;  // of the next client byte
  std::uint16_t rule = 0, ip_id = 0;
  bool stopped = false, numbered = true;

  Story& wait(Duration duration) {
    now += duration;
    return *this;
  }
  PacketSighting packet(bool from_client, std::uint8_t flags, std::uint32_t payload, std::uint32_t number) const {
    PacketSighting out{.time = now,
                       .source = client,
                       .destination = server,
                       .source_port = client_port,
                       .destination_port = server_port,
                       .payload = payload,
                       .sequence = numbered ? number : 0,
                       .ip_id = ip_id,
                       .rule = rule,
                       .flags = flags,
                       .view = view,
                       .stopped_or_sampled = stopped};
    if (!from_client) {
      std::swap(out.source, out.destination);
      std::swap(out.source_port, out.destination_port);
    }
    return out;
  }
  Story& from_client(std::uint8_t flags, std::uint32_t payload = 0) {
    follower.observe(packet(true, flags, payload, sequence), true, events);
    sequence += payload;
    ++ip_id;
    return *this;
  }
  Story& from_server(std::uint8_t flags, std::uint32_t payload = 0) {
    follower.observe(packet(false, flags, payload, 5000), false, events);
    return *this;
  }
  Story& syn() { return from_client(kSyn); }
  Story& handshake() {
    syn().wait(20ms).from_server(kSyn | kAck).wait(20ms);
    ++sequence;
    return from_client(kAck);
  }
  Story& say(std::uint32_t payload) { return wait(20ms).from_client(kAck | kPsh, payload); }
  Story& close() { return wait(20ms).from_client(kFin | kAck).wait(20ms).from_server(kFin | kAck).from_client(kAck); }
  Story& advance() {
    follower.advance(now, events);
    return *this;
  }
  Story& finish() {
    follower.finish(events);
    return *this;
  }

  [[nodiscard]] long count(Kind kind) const {
    return std::count_if(events.begin(), events.end(), [&](const auto& event) { return event.kind == kind; });
  }
  [[nodiscard]] Outcome outcome() const {
    EXPECT_LE(count(Kind::Judged), 1);
    for (const auto& event : events)
      if (event.kind == Kind::Judged) return event.outcome;
    return Outcome::Unknown;
  }
  [[nodiscard]] std::uint32_t payload() const { return events.back().payload; }
};

Story one_sided() { return Story(View::OneSided); }

TEST(TwoSided, TellsWhoOpenedWhatAndWhen) {
  Story story;
  story.handshake();
  ASSERT_EQ(story.events.size(), 2U);
  EXPECT_EQ(story.events[0].kind, Kind::Opened);
  EXPECT_EQ(story.events[0].time, kStart);
  EXPECT_EQ(story.events[0].client, story.client);
  EXPECT_EQ(story.events[0].server, story.server);
  EXPECT_EQ(story.events[0].client_port, 40000);
  EXPECT_EQ(story.events[0].server_port, 25);
  EXPECT_EQ(story.events[1].kind, Kind::Established);
  EXPECT_EQ(story.events[1].time, kStart + 40ms);
}

TEST(TwoSided, ASynAckAloneIsNotEstablished) {
  Story story;
  story.syn().wait(20ms).from_server(kSyn | kAck).wait(1h).advance();
  EXPECT_EQ(story.count(Kind::Established), 0);
  EXPECT_EQ(story.outcome(), Outcome::Unknown);
}

struct Bytes {
  std::uint16_t port;
  std::uint32_t payload;
  Outcome outcome;
};

class Outcomes : public testing::TestWithParam<Bytes> {};

TEST_P(Outcomes, FollowTheClientsBytes) {
  Story story;
  story.server_port = GetParam().port;
  story.handshake().say(GetParam().payload).close();
  EXPECT_EQ(story.outcome(), GetParam().outcome);
  EXPECT_EQ(story.payload(), GetParam().payload);
}

INSTANTIATE_TEST_SUITE_P(Borders, Outcomes,
                         testing::Values(Bytes{25, 0, Outcome::Short}, Bytes{25, 349, Outcome::Short},
                                         Bytes{25, 350, Outcome::Grey}, Bytes{25, 699, Outcome::Grey},
                                         Bytes{25, 700, Outcome::Delivered}, Bytes{587, 1499, Outcome::Short},
                                         Bytes{587, 1500, Outcome::Delivered}, Bytes{465, 1499, Outcome::Short},
                                         Bytes{465, 1500, Outcome::Delivered}));

TEST(TwoSided, RepeatedBytesCountOnce) {
  Story story;
  story.handshake().say(300);
  story.sequence -= 300;
  story.say(300).close();
  EXPECT_EQ(story.outcome(), Outcome::Short);
  EXPECT_EQ(story.payload(), 300U);
}

TEST(TwoSided, BytesThatTheCaptureLostCount) {
  Story story;
  story.handshake();
  story.sequence += 5000;
  story.close();
  EXPECT_EQ(story.outcome(), Outcome::Delivered);
}

TEST(TwoSided, AStraySequenceNumberDoesNotCount) {
  Story story;
  story.handshake();
  story.sequence += 500'000'000;
  story.say(10);
  story.sequence -= 500'000'010;
  story.close();
  EXPECT_EQ(story.outcome(), Outcome::Short);
}

TEST(TwoSided, SequenceNumbersMayWrap) {
  Story story;
  story.sequence = 0xffff'ff00;
  story.handshake().say(600).say(600).close();
  EXPECT_EQ(story.payload(), 1200U);
}

TEST(TwoSided, AResetEndsAnEstablishedConnectionFromEitherSide) {
  for (const bool by_client : {true, false}) {
    Story story;
    story.handshake().say(100);
    by_client ? story.from_client(kRst) : story.from_server(kRst);
    EXPECT_EQ(story.outcome(), Outcome::Short);
  }
}

TEST(TwoSided, AResetAnswerIsARefusal) {
  Story story;
  story.syn().wait(20ms).from_server(kRst | kAck);
  EXPECT_EQ(story.outcome(), Outcome::Refused);
  EXPECT_EQ(story.count(Kind::Established), 0);
}

TEST(TwoSided, AResetAfterSynAckIsShortWithoutEstablished) {
  Story story;
  story.syn().wait(20ms).from_server(kSyn | kAck).from_client(kRst);
  EXPECT_EQ(story.outcome(), Outcome::Short);
  EXPECT_EQ(story.count(Kind::Established), 0);
}

TEST(TwoSided, AClientThatTakesItsSynBackSaysNothingOfTheServer) {
  Story story;
  story.syn().wait(20ms).from_client(kRst).wait(1h).advance();
  EXPECT_EQ(story.outcome(), Outcome::Unknown);
}

TEST(TwoSided, SilenceIsNoAnswerAfterTheWait) {
  Story story;
  story.syn().wait(10s - 1us).advance();
  EXPECT_EQ(story.outcome(), Outcome::Unknown);
  story.wait(1us).advance();
  EXPECT_EQ(story.outcome(), Outcome::NoAnswer);
  EXPECT_EQ(story.events.back().time, kStart + 10s);
}

TEST(TwoSided, RepeatedSynsAreOneAttempt) {
  Story story;
  for (const auto gap : {0s, 1s, 2s, 4s, 8s, 16s, 32s}) story.wait(gap).syn();
  EXPECT_EQ(story.count(Kind::Opened), 1);
  EXPECT_EQ(story.outcome(), Outcome::NoAnswer);
  EXPECT_EQ(story.follower.counters().retransmissions, 6U);
}

TEST(TwoSided, ALateAnswerStillEstablishesButIsNotJudgedTwice) {
  Story story;
  story.syn().wait(12s).from_server(kSyn | kAck);
  ++story.sequence;
  story.from_client(kAck).say(900).close();
  EXPECT_EQ(story.count(Kind::Established), 1);
  EXPECT_EQ(story.outcome(), Outcome::NoAnswer);
}

TEST(TwoSided, ARecordingThatEndsTooEarlySaysNothing) {
  EXPECT_EQ(Story().syn().finish().outcome(), Outcome::Unknown);
  EXPECT_EQ(Story().syn().wait(1s).syn().finish().outcome(), Outcome::Unknown);
  EXPECT_EQ(Story().handshake().say(100).finish().outcome(), Outcome::Unknown);
  EXPECT_EQ(Story().handshake().say(100).from_server(kFin | kAck).finish().outcome(), Outcome::Short);
  EXPECT_EQ(Story().handshake().say(900).finish().outcome(), Outcome::Delivered);
}

TEST(TwoSided, AnIdleConnectionIsJudgedByWhatThereIs) {
  Story story;
  story.handshake().say(100).wait(10min).advance();
  EXPECT_EQ(story.outcome(), Outcome::Short);
}

TEST(TwoSided, AnswersThatWereNotRecordedAreNotMissedAnswers) {
  Story story;
  story.syn().wait(20ms);
  ++story.sequence;
  story.from_client(kAck).say(100).wait(1h).advance();
  EXPECT_EQ(story.outcome(), Outcome::Unknown);
  EXPECT_EQ(story.events.back().view, View::OneSided);
}

TEST(TwoSided, UnaskedAnswersMakeNoConnection) {
  Story story;
  story.from_server(kSyn | kAck).from_server(kRst | kAck).from_server(kAck, 100).from_client(kAck, 100);
  EXPECT_TRUE(story.events.empty());
  EXPECT_EQ(story.follower.counters().midstream, 4U);
}

TEST(TwoSided, PortsMayBeUsedAgain) {
  Story story;
  story.handshake().say(900).close();
  story.sequence = 77'000;
  story.wait(100ms).syn();
  EXPECT_EQ(story.count(Kind::Opened), 2);
  story.sequence = 99'000;  // the client forgot this one
  story.wait(3s).syn();
  EXPECT_EQ(story.count(Kind::Opened), 3);
}

TEST(TwoSided, ARefusedSynThatComesAgainIsNotASecondAttempt) {
  Story story;  // Windows asks three times before it believes a reset
  story.syn().from_server(kRst | kAck).wait(500ms).syn().from_server(kRst | kAck).wait(500ms).syn();
  EXPECT_EQ(story.count(Kind::Opened), 1);
  EXPECT_EQ(story.outcome(), Outcome::Refused);
}

TEST(TwoSided, StragglersOfAnEndedConnectionAreSilent) {
  Story story;
  story.handshake().say(900).close();
  const auto said = story.events.size();
  story.from_client(kFin | kAck).from_server(kRst).from_client(kAck, 5000).wait(1h).advance().finish();
  EXPECT_EQ(story.events.size(), said);
}

TEST(TwoSided, ScanPacketsOpenNothing) {
  Story story;
  for (const int flags : {0, int{kFin}, kFin | kPsh | kUrg, kSyn | kFin, kSyn | kRst, kSyn | kAck})
    story.from_client(static_cast<std::uint8_t>(flags));
  EXPECT_TRUE(story.events.empty());
}

TEST(OneSided, LaterPacketsMeanEstablishedAndGiveTheBytes) {
  for (const bool numbered : {true, false}) {
    Story story = one_sided();
    story.numbered = numbered;
    story.syn().wait(20ms);
    ++story.sequence;
    story.from_client(kAck).say(400).say(500).from_client(kFin | kAck);
    EXPECT_EQ(story.count(Kind::Established), 1);
    EXPECT_EQ(story.outcome(), Outcome::Delivered);
    EXPECT_EQ(story.payload(), 900U);
  }
}

TEST(OneSided, FewBytesCountOnlyWhereTheEndWasSeen) {
  Story ended = one_sided(), open = one_sided();
  for (Story* story : {&ended, &open}) {
    story->syn().wait(20ms);
    ++story->sequence;
    story->from_client(kAck).say(100);
  }
  EXPECT_EQ(ended.from_client(kFin | kAck).outcome(), Outcome::Short);
  EXPECT_EQ(open.wait(1h).advance().outcome(), Outcome::Unknown);
}

TEST(OneSided, OneSynSaysNothingARepeatedOneSaysNoAnswer) {
  EXPECT_EQ(one_sided().syn().wait(1h).advance().finish().outcome(), Outcome::Unknown);
  EXPECT_EQ(one_sided().syn().wait(1s).syn().wait(1h).advance().outcome(), Outcome::NoAnswer);
  EXPECT_EQ(one_sided().syn().wait(1s).syn().wait(2s).syn().finish().outcome(), Outcome::NoAnswer);
}

TEST(OneSided, ARepeatedSynMayStillBeAnswered) {
  Story story = one_sided();
  story.syn().wait(1s).syn().wait(20ms);
  ++story.sequence;
  story.from_client(kAck).say(900).from_client(kFin | kAck);
  EXPECT_EQ(story.outcome(), Outcome::Delivered);
}

TEST(OneSided, WhatARuleStoppedOrSampledIsNeverJudged) {
  Story story = one_sided();
  story.stopped = true;
  story.syn().wait(1s).syn().wait(2s).syn().wait(1h).advance().finish();
  EXPECT_EQ(story.count(Kind::Opened), 1);
  EXPECT_EQ(story.outcome(), Outcome::Unknown);
}

TEST(OneSided, AResetInALogMayBeTheGatewaysOwn) {
  Story story = one_sided();
  story.syn().from_server(kRst | kAck).wait(1s).syn().wait(1h).advance().finish();
  EXPECT_EQ(story.outcome(), Outcome::Unknown);
}

TEST(OneSided, TwoRulesThatLogOnePacketAreOnePacket) {
  Story story = one_sided();
  story.numbered = false;
  const auto logged_twice = [&](std::uint8_t flags, std::uint32_t payload) {
    story.rule = 1;
    story.from_client(flags, payload);
    --story.ip_id;
    story.rule = 2;
    story.wait(1s).from_client(flags, payload);  // the clock of the log shows seconds, and one passed between
  };
  logged_twice(kSyn, 0);
  logged_twice(kAck, 0);
  logged_twice(kAck | kPsh, 300);
  logged_twice(kFin | kAck, 0);
  EXPECT_EQ(story.count(Kind::Opened), 1);
  EXPECT_EQ(story.outcome(), Outcome::Short);
  EXPECT_EQ(story.payload(), 300U);
  EXPECT_EQ(story.follower.counters().duplicates, 3U);  // after the FIN everything is a straggler
  EXPECT_EQ(story.follower.counters().retransmissions, 0U);
}

TEST(OneSided, PortsAreUsedAgainInALogWithoutNumbers) {
  Story story = one_sided();
  story.numbered = false;
  story.syn().wait(20ms).from_client(kAck).say(900).from_client(kFin | kAck).wait(5s).syn();
  EXPECT_EQ(story.count(Kind::Opened), 2);
}

TEST(FirstPackets, OnlyOpen) {
  Story story(View::FirstPackets);
  story.syn().wait(1s).syn().wait(2s).syn().wait(20ms).from_client(kAck, 900).wait(1h).advance().finish();
  EXPECT_EQ(story.events.size(), 1U);
  EXPECT_EQ(story.follower.counters().retransmissions, 2U);
}

TEST(FirstPackets, AnotherRuleMayShowMore) {
  Story story(View::FirstPackets);
  story.rule = 1;
  story.syn().wait(20ms);
  story.view = View::OneSided;
  story.rule = 2;
  ++story.sequence;
  story.from_client(kAck).say(900).from_client(kFin | kAck);
  EXPECT_EQ(story.outcome(), Outcome::Delivered);
}

TEST(Limits, TheOldestIsGivenUpAndCounted) {
  Story story(View::TwoSided, {.connections_max = 3});
  for (const int port : {1, 2, 3, 4}) {
    story.client_port = static_cast<std::uint16_t>(port);
    story.wait(1ms).syn();
  }
  EXPECT_EQ(story.follower.counters().given_up, 1U);
  story.wait(10s).advance();
  EXPECT_EQ(story.count(Kind::Judged), 3);
  EXPECT_EQ(story.events[4].client_port, 2);
}

TEST(Limits, WhatHasEndedGoesFirst) {
  Story story(View::TwoSided, {.connections_max = 2});
  story.syn();
  story.client_port = 2;
  story.wait(1ms).syn().from_server(kRst | kAck);
  story.client_port = 3;
  story.wait(1ms).syn().wait(10s).advance();
  EXPECT_EQ(story.follower.counters().forgotten, 1U);
  EXPECT_EQ(story.follower.counters().given_up, 0U);
  EXPECT_EQ(story.count(Kind::Judged), 3);
}

TEST(Order, TimeThatGoesBackBreaksNothing) {
  Story story;
  story.handshake().wait(-1h).say(900).close();
  EXPECT_EQ(story.outcome(), Outcome::Delivered);
  EXPECT_TRUE(std::is_sorted(story.events.begin(), story.events.end(),
                             [](const auto& a, const auto& b) { return a.time < b.time; }));
}

// Random packets of a few clients: the rules of ConnectionEvent hold, and clients do not disturb each other.
TEST(Property, OpenedOnceJudgedOnceAndClientsAreIndependent) {
  const unsigned seed = std::random_device{}();
  SCOPED_TRACE(testing::Message() << "seed " << seed);
  std::mt19937 random(seed);
  constexpr std::uint8_t kFlags[] = {kSyn, kSyn, kSyn | kAck, kAck, kAck | kPsh, kFin | kAck, kRst, kRst | kAck};

  ConnectionFollower together, alone[3];
  std::vector<ConnectionEvent> all, each[3];
  Story story;
  for (int step = 0; step < 20'000; ++step) {
    const std::size_t client = random() % 3;
    story.wait(std::chrono::milliseconds(random() % 2000));
    if (random() % 50 == 0) story.wait(std::chrono::minutes(random() % 12));
    story.client = IpAddress::v4(0xac100000 + static_cast<std::uint32_t>(client));
    story.client_port = static_cast<std::uint16_t>(1000 + random() % 3);
    story.view = random() % 4 == 0 ? View::OneSided : View::TwoSided;
    const bool from_client = random() % 2 == 0;
    const auto packet =
        story.packet(from_client, kFlags[random() % std::size(kFlags)], static_cast<std::uint32_t>(random() % 600),
                     static_cast<std::uint32_t>(1000 + random() % 3 * 400));
    together.observe(packet, from_client, all);
    alone[client].observe(packet, from_client, each[client]);
  }
  together.finish(all);
  for (std::size_t client = 0; client < 3; ++client) {
    alone[client].advance(story.now, each[client]);
    alone[client].finish(each[client]);
    std::vector<ConnectionEvent> mine;
    std::copy_if(all.begin(), all.end(), std::back_inserter(mine), [&](const auto& event) {
      return event.client == IpAddress::v4(0xac100000 + static_cast<std::uint32_t>(client));
    });
    ASSERT_EQ(mine.size(), each[client].size());
    struct Seen {
      int opened = 0, established = 0, judged = 0;
    };
    std::array<Seen, 3> ports{};
    for (std::size_t i = 0; i < mine.size(); ++i) {
      EXPECT_EQ(mine[i].time, each[client][i].time);
      EXPECT_EQ(mine[i].kind, each[client][i].kind);
      EXPECT_EQ(mine[i].outcome, each[client][i].outcome);
      Seen& seen = ports[mine[i].client_port - 1000U];
      if (mine[i].kind == Kind::Opened) {
        seen = {seen.opened + 1, 0, 0};
      } else {
        EXPECT_GT(seen.opened, 0);
        EXPECT_EQ(++(mine[i].kind == Kind::Judged ? seen.judged : seen.established), 1);
      }
    }
  }
  EXPECT_GT(all.size(), 100U);
}

}  // namespace
}  // namespace mailweir
