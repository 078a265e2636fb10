#include "detect/client_record.h"

#include <gtest/gtest.h>

#include <cmath>
#include <map>

#include "detect/numbers.h"
#include "tests/support/mail_client.h"

namespace mailweir {
namespace {

using std::chrono::hours;
using std::chrono::seconds;
using testing::kMorning;
using testing::MailClient;

constexpr double kExact = 0.011;  // weights are kept in steps of 1/512 nat

// A record and the client it is about. Group number i has bit i of the window, so no two of up to 128 are confused.
class ClientRecordTest : public ::testing::Test {
 protected:
  static GroupMark mark(const ConnectionEvent& event) {
    const std::uint64_t number = (event.server.v4_bits() >> 8) - 0x2d0000U;
    const std::uint64_t of_role = event.server_port == 25 ? number : number + 64;
    return {of_role | (of_role + 7) << 7};
  }
  void tell(const ConnectionEvent& event) {
    const MailRole role = *mail_role(event.server_port);
    switch (event.kind) {
      case ConnectionEvent::Kind::Opened:
        return record.opened(event, role, mark(event));
      case ConnectionEvent::Kind::Established:
        return record.established(event, role, mark(event));
      case ConnectionEvent::Kind::Judged:
        return record.judged(event, role, mark(event));
      default:
        return;
    }
  }
  static IpAddress server(unsigned number) { return testing::server(number); }

  ClientRecord record{*IpAddress::parse("172.16.0.66"), kMorning};
  MailClient client{"172.16.0.66", [this](const ConnectionEvent& event) { tell(event); }};
};

TEST_F(ClientRecordTest, OfAnOrdinaryClientIsSmall) {
  EXPECT_LE(sizeof(ClientRecord), 80U);
  for (unsigned i = 0; i < 4; ++i) client.connects(server(i), i < 2 ? Outcome::NoAnswer : Outcome::Delivered);
  EXPECT_FALSE(record.is_wide());
  client.connects(server(4), Outcome::Delivered);
  EXPECT_TRUE(record.is_wide());
}

TEST_F(ClientRecordTest, NewNetworksOnPort25FollowTheHazardTable) {
  client.opens(server(0));
  EXPECT_NEAR(record.score_user(), 2.0, kExact);
  client.opens(server(1));
  EXPECT_NEAR(record.score_user(), 2.0 + std::log(.97 / .15), kExact);
  for (unsigned i = 2; i < 9; ++i) client.opens(server(i));
  EXPECT_NEAR(record.score_user(), 10.4, 0.05);  // docs/detection.md, section 3.7: nine networks
  const double nine = record.score_user();
  client.opens(server(9));
  EXPECT_NEAR(record.score_user() - nine, std::log(.97 / .50), kExact);
}

TEST_F(ClientRecordTest, TwoAccountsOfOnesOwnWeighNothing) {
  client.opens(server(0), 587).opens(server(1), 465);
  EXPECT_EQ(record.score_user(), 0);
  client.opens(server(2), 587);
  EXPECT_NEAR(record.weight(Weight::NewSubmission), std::log(.97 / .45), kExact);
}

TEST_F(ClientRecordTest, PortsOfOneRoleAreOnePlaceAndRolesAreTwo) {
  client.opens(server(0), 587).opens(server(0), 465);
  EXPECT_NEAR(record.weight(Weight::Repeat), -0.25, kExact);
  client.opens(server(0), 25);
  EXPECT_NEAR(record.weight(Weight::New25), 2.0, kExact);
}

TEST_F(ClientRecordTest, EndsOfFirstContactsMoveBothScores) {
  const std::map<Outcome, std::pair<double, double>> expected{{Outcome::NoAnswer, {1.2, 2.1}},
                                                              {Outcome::Refused, {1.2, 2.1}},
                                                              {Outcome::Short, {0.8, numbers::kShortM}},
                                                              {Outcome::Grey, {0, 0}},
                                                              {Outcome::Delivered, {-0.4, -0.8}}};
  unsigned number = 0;
  for (const std::uint16_t port : {std::uint16_t{25}, std::uint16_t{587}}) {
    for (const auto& [outcome, nats] : expected) {
      record = ClientRecord(client.address(), client.now());
      client.opens(server(number), port);
      const double user = record.score_user();
      const double server_score = record.score_server();
      client.ends(server(number), outcome, port);
      EXPECT_NEAR(record.score_user() - user, nats.first, kExact) << name_of(outcome);
      EXPECT_NEAR(record.score_server() - server_score, nats.second * (port == 25 ? 1.0 : 0.7), kExact);
      ++number;
    }
  }
}

TEST_F(ClientRecordTest, OnlyTheFirstContactWithAGroupIsEvidence) {
  client.connects(server(0), Outcome::Short);
  const double user = record.score_user();
  const double server_score = record.score_server();
  client.connects(server(0), Outcome::Refused);
  EXPECT_NEAR(record.score_user(), user - 0.25, kExact);
  EXPECT_NEAR(record.score_server(), server_score, kExact);
  EXPECT_EQ(record.counts().failed, 1U);
  EXPECT_EQ(record.counts().shorts, 1U);
}

TEST_F(ClientRecordTest, FailuresAreCappedAndLeaveRoomForShortEnds) {
  for (unsigned i = 0; i < 6; ++i) client.connects(server(i), Outcome::Refused);
  EXPECT_NEAR(record.weight(Weight::Failed), 6.0, kExact) << "as when its line is down";
  for (unsigned i = 6; i < 10; ++i) client.connects(server(i), Outcome::Short);
  EXPECT_NEAR(record.weight(Weight::Short), 2.0, kExact) << "8 together";
  client.connects(server(10), Outcome::Refused);
  EXPECT_NEAR(record.weight(Weight::Failed), 6.0, kExact);
  client.wait(hours(18)).connects(server(11), Outcome::Short);  // half of both is left
  EXPECT_NEAR(record.weight(Weight::Short), 1.8, kExact);
}

TEST_F(ClientRecordTest, WhoIsNotYetConvictedHasToShowMoreWithEveryNewNetworkAfterTheTenth) {
  for (unsigned i = 0; i < 10; ++i) client.connects(server(i), Outcome::Short);
  const double due = record.server_margin();
  EXPECT_NEAR(due, numbers::kSizesUnknownM, kExact);
  for (unsigned i = 10; i < 14; ++i) client.connects(server(i), Outcome::Short);
  EXPECT_NEAR(record.server_margin(), due + 1, kExact);
  client.connects(server(3), Outcome::Short);
  EXPECT_NEAR(record.server_margin(), due + 1, kExact) << "known";
  for (unsigned i = 14; i < 80; ++i) client.connects(server(i), Outcome::Short);
  EXPECT_NEAR(record.server_margin(), due + 10, kExact) << "and no more than that";
}

TEST_F(ClientRecordTest, TheFloorIsChargedToTheWeightThatMeetsIt) {
  client.opens(server(0), 587);
  for (int i = 0; i < 100; ++i) client.opens(server(0), 587);
  EXPECT_NEAR(record.score_user(), -6.0, kExact);
  EXPECT_NEAR(record.weight(Weight::Repeat), -6.0, kExact);
  client.opens(server(0));
  EXPECT_NEAR(record.score_user(), -4.0, kExact);
}

TEST_F(ClientRecordTest, RepeatsCannotHideNewContacts) {
  client.opens(server(0), 587);
  for (int i = 0; i < 100; ++i) client.opens(server(0), 587);
  double before = record.score_user();
  for (unsigned i = 1; i < 20; ++i) {
    client.connects(server(i), Outcome::Refused);
    for (int repeat = 0; repeat < 5; ++repeat) client.opens(server(0), 587);
    if (i > 5) {  // by then the limit holds
      EXPECT_GT(record.score_user(), before) << i;
    }
    before = record.score_user();
  }
}

TEST_F(ClientRecordTest, ServerScoreStaysWithinItsBounds) {
  for (unsigned i = 0; i < 40; ++i) client.connects(server(i), Outcome::Refused);
  EXPECT_NEAR(record.score_server(), 20, kExact);
  record = ClientRecord(client.address(), client.now());
  for (unsigned i = 0; i < 40; ++i) client.connects(server(i), Outcome::Delivered);
  EXPECT_NEAR(record.score_server(), -12, kExact);
}

TEST_F(ClientRecordTest, ScoresDecayByTheirHalfLives) {
  client.connects(server(0), Outcome::Refused);
  const double user = record.score_user();
  EXPECT_NEAR(record.score_user(client.now() + hours(18)), user / 2, kExact);
  client.wait(hours(18)).ends(server(9), Outcome::Unknown);
  EXPECT_NEAR(record.score_user(), user / 2, kExact);
  client.wait(hours(6)).ends(server(9), Outcome::Unknown);
  EXPECT_NEAR(record.score_server(), 2.1 / 2, kExact);  // 24 h while it speaks against a server

  record = ClientRecord(client.address(), client.now());
  client.connects(server(0), Outcome::Delivered).wait(hours(96)).ends(server(9), Outcome::Unknown);
  EXPECT_NEAR(record.score_server(), -0.8 / 2, kExact);  // 96 h while it speaks for one
}

TEST_F(ClientRecordTest, AnEarlierTimeCountsAsTheLatest) {
  client.wait(hours(1)).connects(server(0), Outcome::Refused);
  const double user = record.score_user();
  client.wait(-hours(2)).opens(server(0));
  EXPECT_NEAR(record.score_user(), user - 0.25, kExact);
  EXPECT_EQ(record.last_seen(), kMorning + hours(1));
}

TEST_F(ClientRecordTest, EpochsHalveCountsAndForgetGroupsAfterADay) {
  for (unsigned i = 0; i < 8; ++i) client.connects(server(i), Outcome::Delivered);
  EXPECT_EQ(record.contacts(MailRole::Transfer).groups, 8);
  EXPECT_EQ(record.contacts(MailRole::Transfer).established, 3);
  client.wait(hours(12) - seconds(1)).opens(server(0));
  EXPECT_EQ(record.contacts(MailRole::Transfer).groups, 8);
  client.wait(seconds(1)).opens(server(1));
  EXPECT_EQ(record.contacts(MailRole::Transfer).groups, 4);
  EXPECT_EQ(record.contacts(MailRole::Transfer).established, 1);
  client.wait(hours(12)).opens(server(2));  // last met two epochs ago: new again
  EXPECT_EQ(record.contacts(MailRole::Transfer).groups, 3);
  client.opens(server(1));  // met in the epoch before
  EXPECT_EQ(record.contacts(MailRole::Transfer).groups, 3);
}

TEST_F(ClientRecordTest, APatientRetrySpeaksForAServer) {
  client.connects(server(0), Outcome::Short);
  client.wait(seconds(230)).opens(server(0));
  EXPECT_NEAR(record.score_server(), numbers::kShortM, 0.01);  // hammering
  client.wait(seconds(15)).opens(server(0));
  EXPECT_NEAR(record.score_server(), numbers::kShortM - 1.5, 0.01);
  client.wait(seconds(300)).opens(server(0));
  EXPECT_NEAR(record.score_server(), numbers::kShortM - 1.5, 0.01);  // once for each failure
  client.ends(server(0), Outcome::Delivered);  // greylisting ended: takes back the failure, and more
  EXPECT_NEAR(record.score_server(), numbers::kShortM - 1.5 - 0.8 - 2.1, 0.01);
  EXPECT_NEAR(record.weight(Weight::Delivered), -0.4, kExact);
  client.connects(server(0), Outcome::Delivered);
  EXPECT_NEAR(record.weight(Weight::Delivered), -0.4, kExact);
}

TEST_F(ClientRecordTest, ARetryAfterADayIsNone) {
  client.connects(server(0), Outcome::Refused).wait(hours(11)).opens(server(1)).opens(server(0));
  EXPECT_EQ(record.retries(), 1U);
  client.connects(server(2), Outcome::Refused).wait(hours(11)).connects(server(2), Outcome::Refused);
  EXPECT_EQ(record.retries(), 2U);
  client.connects(server(3), Outcome::Refused);
  for (int i = 0; i < 3; ++i) client.wait(hours(8) + seconds(20)).opens(server(i == 2 ? 3 : 4));
  EXPECT_EQ(record.retries(), 0U);  // and the credits of days ago are over
}

TEST_F(ClientRecordTest, RetriesEarnAtMostFourCreditsADay) {
  for (unsigned i = 0; i < 6; ++i) client.connects(server(i), Outcome::Refused);
  client.wait(seconds(300));
  for (unsigned i = 0; i < 6; ++i) client.opens(server(i));
  EXPECT_EQ(record.retries(), 4U);
  EXPECT_NEAR(record.score_server(), 6 * 2.1 - 4 * 1.5, 0.1);
}

TEST_F(ClientRecordTest, SubmissionRetriesEarnNothing) {
  client.connects(server(0), Outcome::Refused, 587).wait(seconds(300)).opens(server(0), 587);
  EXPECT_NEAR(record.score_server(), 0.7 * 2.1, 0.01);
}

TEST_F(ClientRecordTest, RemembersTheSixLatestFailures) {
  for (unsigned i = 0; i < 7; ++i) client.wait(seconds(10)).connects(server(i), Outcome::NoAnswer);
  client.wait(seconds(300)).opens(server(0));
  EXPECT_EQ(record.retries(), 0U);
  client.opens(server(1));
  EXPECT_EQ(record.retries(), 1U);
}

TEST_F(ClientRecordTest, CountsHandshakesOfNewGroupsOnceEach) {
  client.opens(server(0)).establishes(server(0)).establishes(server(0));
  EXPECT_EQ(record.contacts(MailRole::Transfer).established, 1);
  EXPECT_EQ(record.counts().established, 2U);
  client.opens(server(1)).ends(server(1), Outcome::Short);  // a source without handshakes
  EXPECT_EQ(record.contacts(MailRole::Transfer).established, 2);
  client.establishes(server(5));  // never opened
  EXPECT_EQ(record.contacts(MailRole::Transfer).established, 2);
}

TEST_F(ClientRecordTest, AfterABlockOneWeightIsLeft) {
  for (unsigned i = 0; i < 9; ++i) client.connects(server(i), Outcome::Refused);
  record.keep_only(7.7, client.now() + hours(1));
  EXPECT_NEAR(record.score_user(), 7.7, kExact);
  EXPECT_NEAR(record.score_user(client.now() + hours(19)), 7.7 / 2, kExact);
  EXPECT_EQ(record.weight(Weight::New25), 0);
}

TEST_F(ClientRecordTest, KnowsWhetherMoreThanFirstPacketsWereSeen) {
  client.seen_as(View::FirstPackets).opens(server(0));
  EXPECT_TRUE(record.first_packets_only());
  client.seen_as(View::OneSided).opens(server(1));
  EXPECT_FALSE(record.first_packets_only());
}

TEST_F(ClientRecordTest, QuestionsForMailServersWeighFiveNatsAtMost) {
  client.opens(server(0));
  record.asked_mx(1, client.now());
  EXPECT_NEAR(record.weight(Weight::Mx), 3.0, kExact);
  record.asked_mx(1, client.now());
  EXPECT_NEAR(record.weight(Weight::Mx), 3.0, kExact) << "the same question again";
  for (std::uint32_t name = 2; name < 12; ++name) record.asked_mx(name, client.now());
  EXPECT_NEAR(record.weight(Weight::Mx), 5.0, kExact);
  EXPECT_EQ(record.mx_names(), 11U);
  record.asked_mx(1, client.now() + hours(36));
  EXPECT_EQ(record.mx_names(), 1U) << "a new window";
}

TEST_F(ClientRecordTest, MessagesOfOneSizeSpeakForACampaign) {
  for (const bool campaign : {true, false}) {
    record = ClientRecord(client.address(), client.now());
    MailClient sender("172.16.0.66", [&](ConnectionEvent event) {
      event.payload = campaign ? 4'000 + event.client_port % 100 : 2'000U << event.client_port % 10;
      tell(event);
    });
    for (unsigned i = 0; i < 16; ++i) sender.connects(server(i), Outcome::Delivered);
    EXPECT_NEAR(record.weight(Weight::Size), campaign ? 1.5 : -0.4, 0.2) << "once in an epoch";
  }
}

TEST_F(ClientRecordTest, MailThatIsLetInSpeaksForAServer) {
  for (unsigned i = 0; i < 6; ++i) client.connects(server(i), Outcome::Refused);
  const double before = record.score_server();
  for (std::uint32_t network = 0; network < 5; ++network) record.let_in(network, client.now());
  EXPECT_NEAR(record.score_server(), before - 3, kExact) << "one day is not enough for more";
  record.let_in(2, client.now() + hours(25));
  EXPECT_NEAR(record.score_server(), (before - 3) / 2 - 2, 0.2) << "now all five count";
  for (std::uint32_t network = 5; network < 16; ++network) record.let_in(network, client.now() + hours(26));
  EXPECT_NEAR(record.score_server(), -6, 0.2) << "that is all it can speak";
}

TEST_F(ClientRecordTest, MessagesOfDifferentSizesSpeakForAServerAndAlikeOnesAskForNothingMore) {
  for (unsigned i = 0; i < 6; ++i) client.connects(server(i), Outcome::Refused);
  const double before = record.score_server();
  const auto deliver = [&](unsigned number, std::uint32_t bytes) {
    ConnectionEvent event;
    event.time = client.now();
    event.client = client.address();
    event.server = server(number);
    event.server_port = 25;
    client.opens(server(number));
    event.kind = ConnectionEvent::Kind::Judged;
    event.outcome = Outcome::Delivered;
    event.payload = bytes;
    tell(event);
  };
  EXPECT_NEAR(record.server_margin(), numbers::kSizesUnknownM, kExact);
  for (unsigned i = 0; i < 3; ++i) deliver(10 + i, 3'000);
  EXPECT_NEAR(record.score_server(), before - 3 * 0.8, 0.05) << "that they are alike speaks for nobody";
  EXPECT_NEAR(record.server_margin(), 0, kExact);
  deliver(20, 80'000);
  EXPECT_NEAR(record.score_server(), before - 4 * 0.8 + numbers::kSizeLeastM, 0.05);
  for (unsigned i = 0; i < 20; ++i) deliver(30 + i, i % 2 == 0 ? 900 : 2'000'000);
  EXPECT_GE(record.score_server(), before - 24 * 0.8 + numbers::kSizesMostM - 0.1) << "no more than that";
}

TEST_F(ClientRecordTest, AServerIsLearnedInAWeek) {
  unsigned number = 0;
  for (unsigned day = 0; day < 9; ++day) {
    for (unsigned i = 0; i < 8; ++i, ++number) {
      client.wait(seconds(1'000)).connects(server(number % 60), i == 0 ? Outcome::Short : Outcome::Delivered);
      if (i == 0) client.wait(seconds(900)).connects(server(number % 60), Outcome::Delivered);
    }
    EXPECT_EQ(record.learned_server(), day >= 7) << day << " " << record.score_server();
    client.wait(hours(24) - seconds(8'900));
  }
  client.wait(hours(24) * 31).connects(server(0), Outcome::Delivered);
  EXPECT_FALSE(record.learned_server()) << "another one may have its address";
}

TEST_F(ClientRecordTest, AConvictedSpammerIsNeverLearned) {
  for (unsigned i = 0; i < 8; ++i) client.connects(server(i), Outcome::Delivered);
  record.tell(ClientRecord::Told::Decided);
  for (unsigned day = 0; day < 12; ++day) {
    for (unsigned i = 0; i < 8; ++i) client.wait(seconds(1'000)).connects(server(day % 2 * 8 + i), Outcome::Delivered);
    record.let_in(day, client.now());
    client.wait(hours(21));
  }
  EXPECT_LE(record.score_server(), -6);
  EXPECT_FALSE(record.learned_server());
}

TEST_F(ClientRecordTest, SlowSpamAddsUpOverDaysAndMailUsersDoNot) {
  // Ten new networks a day, all accepted: below the fast test.
  double most = 0;
  for (unsigned i = 0; i < 60; ++i) {
    client.wait(seconds(8'640)).connects(server(i), Outcome::Delivered);
    most = std::max(most, record.score_user());
  }
  EXPECT_LT(most, 15.4);
  EXPECT_GE(record.score_slow(), 18);

  record = ClientRecord(client.address(), client.now());
  for (unsigned i = 0; i < 60; ++i) client.wait(seconds(8'640)).connects(server(i % 5), Outcome::Delivered);
  EXPECT_LT(record.score_slow(), 5);
}

TEST_F(ClientRecordTest, CountsGoOnBeyondWhatTheyAreKeptIn) {
  for (unsigned i = 0; i < 70'000; ++i) client.opens(server(0), 587);
  EXPECT_EQ(record.counts().opened[2], 70'000U);
  EXPECT_EQ(record.connections(), 70'000U);
}

}  // namespace
}  // namespace mailweir
