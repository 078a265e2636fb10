// What is learned over weeks outlives a detector; what is evidence of spam does not.
#include "detect/server_life.h"

#include <gtest/gtest.h>

#include <cmath>

#include "detect/detector.h"
#include "tests/support/mail_client.h"

namespace mailweir {
namespace {

using std::chrono::hours;
using std::chrono::seconds;
using testing::kMorning;
using testing::MailClient;
using testing::server;

constexpr char kServer[] = "172.16.9.25";

class ServerLifeTest : public ::testing::Test {
 protected:
  static Detector fresh(DetectSettings settings = {}) {
    return Detector(std::move(settings), KeyedHash(KeyedHash::Key{}));
  }

  // Another program, with another key.
  void restart(DetectSettings settings = {}) {
    const LearnedModel model = detector.remember();
    KeyedHash::Key key{};
    key[0] = ++restarts;
    detector = Detector(std::move(settings), KeyedHash(key));
    detector.recall(model, mta.now());
  }
  // Eight connections a day; the first is cut short and tried again, as patient mail servers do.
  void pass_day() {
    for (unsigned i = 0; i < 8; ++i, ++number) {
      mta.wait(seconds(1'000)).connects(server(number % 60), i == 0 ? Outcome::Short : Outcome::Delivered);
      if (i == 0) mta.wait(seconds(900)).connects(server(number % 60), Outcome::Delivered);
    }
    mta.wait(hours(24) - seconds(8'900));
  }
  [[nodiscard]] Verdict verdict() const { return detector.report(*IpPrefix::parse(kServer))->verdict; }

  Detector detector = fresh();
  MailClient mta{kServer, [this](const ConnectionEvent& event) { detector.observe(event); }};
  unsigned number = 0;
  std::uint8_t restarts = 0;
};

TEST_F(ServerLifeTest, ALearnedServerIsOneAfterARestart) {
  for (int day = 0; day < 9; ++day) pass_day();
  ASSERT_EQ(verdict(), Verdict::Server);
  ASSERT_EQ(detector.remember().servers.size(), 1U);
  EXPECT_TRUE(is_possible(detector.remember().servers[0]));
  restart();
  EXPECT_EQ(verdict(), Verdict::Server);
  pass_day();
  EXPECT_EQ(verdict(), Verdict::Server);
  EXPECT_TRUE(detector.take_findings().empty());
}

TEST_F(ServerLifeTest, ARestartEveryDayDoesNotKeepAServerFromBeingLearned) {
  for (int day = 0; day < 9; ++day) {
    if (day > 0 && day < 8) {
      EXPECT_NE(verdict(), Verdict::Server) << day;
    }
    pass_day();
    restart();
  }
  EXPECT_EQ(verdict(), Verdict::Server);
}

TEST_F(ServerLifeTest, WhoWasIdleForTooLongIsForgotten) {
  for (int day = 0; day < 9; ++day) pass_day();
  const LearnedModel model = detector.remember();
  detector = fresh();
  detector.recall(model, mta.now() + std::chrono::days(31));
  EXPECT_EQ(detector.counters().clients, 0U);
  detector.recall(model, mta.now() - std::chrono::days(20));
  EXPECT_EQ(detector.counters().clients, 0U) << "the clock was set back: that is not yet";
}

TEST_F(ServerLifeTest, ARegisteredServersUsualWaysAreKnownAfterARestart) {
  DetectSettings settings;
  settings.mail_servers = {*IpPrefix::parse(kServer)};
  detector = fresh(settings);
  for (unsigned hour = 0; hour < 14 * 24; ++hour) {
    for (unsigned i = 0; i < 6; ++i, ++number)
      mta.wait(seconds(600)).connects(server(number % 20'000), number % 20 == 0 ? Outcome::Short : Outcome::Delivered);
  }
  EXPECT_TRUE(detector.take_findings().empty());
  restart(settings);
  for (unsigned i = 0; i < 60; ++i, ++number)
    mta.wait(seconds(60)).connects(server(20'000 + number), i % 2 == 0 ? Outcome::Refused : Outcome::Delivered);
  const auto findings = detector.take_findings();
  ASSERT_FALSE(findings.empty());
  EXPECT_EQ(findings[0].doubt, Doubt::ChangedServer);
}

TEST_F(ServerLifeTest, OfBotsAndOrdinaryUsersNothingIsKept) {
  const auto tell = [this](const ConnectionEvent& event) { detector.observe(event); };
  MailClient bot("172.16.0.66", tell);
  for (unsigned i = 0; i < 40; ++i)
    bot.wait(seconds(6)).connects(server(i), i % 2 == 0 ? Outcome::Refused : Outcome::Short);
  MailClient user("172.16.0.5", tell);
  for (unsigned i = 0; i < 40; ++i) user.wait(seconds(600)).connects(server(1), Outcome::Delivered, 587);
  ASSERT_FALSE(detector.take_findings().empty());
  EXPECT_TRUE(detector.remember().servers.empty());
}

TEST_F(ServerLifeTest, NoMoreThanTheLimitAreKeptAndTheOthersCounted) {
  const auto tell = [this](const ConnectionEvent& event) { detector.observe(event); };
  const unsigned more = LearnedModel::kServersKept + 10;
  for (unsigned i = 0; i < more; ++i) {
    MailClient one(IpAddress::v4(0xac10'0000U + i).text().c_str(), tell);
    for (unsigned k = 0; k < 24; ++k) one.wait(seconds(600)).connects(server(k), Outcome::Delivered);
  }
  const LearnedModel model = detector.remember();
  EXPECT_EQ(model.servers.size(), LearnedModel::kServersKept);
  EXPECT_EQ(model.left_out, 10U);
}

TEST_F(ServerLifeTest, WhatWasLearnedOfOrdinaryClientsIsUsedAgainUnlessThePolicyFreezesIt) {
  LearnedModel model;
  model.hazards.table.version = 7;
  model.hazards.table.learned_at = kMorning;
  model.hazards.table.transfer[3] = numbers::kUserHazard25[3] * 0.6;
  model.hazards.day_ends = kMorning + hours(3);
  ASSERT_TRUE(is_possible(model.hazards));
  DetectSettings learns;
  learns.learning = true;
  detector = fresh(learns);
  detector.recall(model, kMorning);
  EXPECT_EQ(detector.model(), model.hazards.table);
  EXPECT_EQ(detector.remember(), model);

  DetectSettings settings;
  settings.learning = false;
  Detector frozen = fresh(settings);
  frozen.recall(model, kMorning);
  EXPECT_EQ(frozen.model(), HazardTable{}) << "as shipped";
  EXPECT_EQ(frozen.remember(), model) << "and not forgotten";
}

TEST_F(ServerLifeTest, WhatNobodyCanHaveLearnedIsNotPossible) {
  using Kept = HazardLearning::Kept;
  const auto spoilt = [](auto change) {
    Kept kept;
    change(kept);
    return !is_possible(kept);
  };
  EXPECT_FALSE(spoilt([](Kept&) {}));
  EXPECT_TRUE(spoilt([](Kept& kept) { kept.table.transfer[2] = 0.99; }));
  EXPECT_TRUE(spoilt([](Kept& kept) { kept.table.submission[1] = std::nan(""); }));
  EXPECT_TRUE(spoilt([](Kept& kept) { kept.today = HazardLearning::kDays; }));
  EXPECT_TRUE(spoilt([](Kept& kept) { kept.days[0].reached_25[5] = 1; })) << "more came far than came at all";

  ServerLife life;
  life.client = *IpPrefix::parse(kServer);
  life.last_seen = life.first_seen + hours(50);
  EXPECT_TRUE(is_possible(life));
  const auto impossible = [&](auto change) {
    ServerLife other = life;
    change(other);
    return !is_possible(other);
  };
  EXPECT_TRUE(impossible([](ServerLife& one) { one.last_seen = one.first_seen - seconds(1); }));
  EXPECT_TRUE(impossible([](ServerLife& one) { one.last_seen = one.first_seen + hours(24) * 365 * 200; }));
  EXPECT_TRUE(impossible([](ServerLife& one) { one.score_server = -1000; }));
  EXPECT_TRUE(impossible([](ServerLife& one) { one.latest_day = 3; }));
  EXPECT_TRUE(impossible([](ServerLife& one) { one.retried = 1; }));
  EXPECT_TRUE(impossible([](ServerLife& one) { one.client = *IpPrefix::parse("172.16.0.0/12"); }));
  EXPECT_TRUE(impossible([](ServerLife& one) { one.history.emplace().bad = 1; }));
}

}  // namespace
}  // namespace mailweir
