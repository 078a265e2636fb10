// Whom a detector remembers: its limits, and the door for strangers.
#include <gtest/gtest.h>

#include "tests/support/detected_clients.h"

namespace mailweir {
namespace {

using std::chrono::seconds;
using namespace testing;  // its clients

TEST(Detector, ForgetsTheMostInnocentThenTheIdlestFirst) {
  DetectSettings settings;
  settings.clients_max = 3;
  Detector detector(settings, kHash);
  auto suspect = client_at(detector, "172.16.0.1");
  auto idle = client_at(detector, "172.16.0.2");
  auto busy = client_at(detector, "172.16.0.3");
  suspect.connects(server(0), Outcome::Refused);
  idle.connects(server(0), Outcome::Delivered, 587);
  busy.wait(seconds(10)).connects(server(0), Outcome::Delivered, 587);
  auto fourth = client_at(detector, "172.16.0.4");
  fourth.wait(seconds(20)).opens(server(1), 587);
  auto reports = detector.reports();
  ASSERT_EQ(reports.size(), 3U);
  EXPECT_EQ(detector.counters().forgotten_clients, 1U);
  EXPECT_TRUE(std::none_of(reports.begin(), reports.end(),
                           [&](const ClientReport& report) { return report.client.contains(idle.address()); }));
  auto fifth = client_at(detector, "172.16.0.5");
  fifth.wait(seconds(30)).opens(server(1), 587);
  reports = detector.reports();
  EXPECT_EQ(reports.front().client.text(), "172.16.0.1");
  EXPECT_EQ(detector.counters().forgotten_clients, 2U);
  EXPECT_EQ(detector.counters().clients, 3U);
}

TEST(Detector, CountsDestinationsExactlyInARecording) {
  DetectSettings settings;
  settings.recorded = true;
  settings.exact_destinations = true;
  Detector detector(settings, kHash);
  auto bot = client_at(detector, "172.16.0.66");
  for (unsigned i = 0; i < 7000; ++i) {
    bot.opens(IpAddress::v4(server(i / 2).v4_bits() + i % 2)).opens(server(i / 2));
  }
  bot.opens(*IpAddress::parse("2001:db8:1:2::25")).opens(*IpAddress::parse("2001:db8:1:3::25"));
  EXPECT_EQ(report_of(detector, bot).destinations, 7002U);
  EXPECT_EQ(report_of(detector, bot).groups, 3501U);
  for (unsigned i = 3500; i < 25'000; ++i) bot.opens(server(i));
  EXPECT_NEAR(static_cast<double>(report_of(detector, bot).destinations), 28'502, 28'502 * 0.06);
  EXPECT_NEAR(static_cast<double>(report_of(detector, bot).groups), 25'001, 25'001 * 0.06);
}

TEST(Detector, EstimatesDestinationsLive) {
  Detector detector({}, kHash);
  auto bot = client_at(detector, "172.16.0.66");
  for (unsigned i = 0; i < 50; ++i) bot.opens(server(i));
  EXPECT_NEAR(static_cast<double>(report_of(detector, bot).groups), 50, 10);
}

DetectSettings with_doorkeeper() {
  DetectSettings settings;
  settings.doorkeeper = true;
  return settings;
}

TEST(Detector, NobodyIsRememberedForAFirstPacket) {
  Detector detector(with_doorkeeper(), kHash);
  for (unsigned i = 0; i < 10'000; ++i) {
    detector.observe(
        {.time = testing::kMorning, .client = IpAddress::v4(0xac10'0000U + i), .server = server(i), .server_port = 25});
  }
  EXPECT_LT(detector.counters().clients, 5U);
  EXPECT_GT(detector.counters().turned_away, 9'990U);
}

TEST(Detector, AnAnswerBringsWhatWasTurnedAway) {
  Detector detector(with_doorkeeper(), kHash);
  auto bot = client_at(detector, "172.16.0.66");
  bot.opens(server(0)).opens(server(1));
  EXPECT_EQ(detector.counters().clients, 0U);
  bot.establishes(server(1)).ends(server(0), Outcome::Refused).ends(server(1), Outcome::Short);
  const ClientReport report = report_of(detector, bot);
  EXPECT_EQ(report.attempts, 2U);
  EXPECT_NEAR(report.score_user, 2.0 + 1.867 + 1.2 + 0.8, 0.01);
}

TEST(Detector, ABotThatMeetsSilenceOnlyIsSeenAtItsThirdPacket) {
  Detector detector(with_doorkeeper(), kHash);
  auto bot = client_at(detector, "172.16.0.66");
  for (unsigned i = 0; i < 12; ++i) bot.wait(seconds(5)).connects(server(i), Outcome::NoAnswer);
  EXPECT_EQ(report_of(detector, bot).attempts, 11U);
}

TEST(Detector, ABotThatIsOnlyEverRefusedIsSeenFromTheFirstOn) {
  Detector detector(with_doorkeeper(), kHash);
  auto bot = client_at(detector, "172.16.0.66");
  for (unsigned i = 0; i < 12; ++i) bot.wait(seconds(5)).connects(server(i), Outcome::Refused);
  EXPECT_EQ(report_of(detector, bot).attempts, 12U);
}

TEST(Detector, AFloodOfForgedSourcesNeitherGrowsNorBlocksNorHidesBots) {
  DetectSettings settings = with_doorkeeper();
  settings.clients_max = 2'000;
  Detector detector(settings, kHash);
  std::vector<MailClient> bots;
  for (unsigned i = 0; i < 5; ++i) bots.push_back(client_at(detector, ("172.16.0." + std::to_string(60 + i)).c_str()));
  auto user = client_at(detector, "172.16.0.5");
  for (unsigned i = 0; i < 300'000; ++i) {
    detector.observe({.time = user.now(),
                      .client = IpAddress::v4(0xac11'0000U + i * 7'919 % 0xe'ffff),
                      .server = server(i % 5'000),
                      .server_port = 25});
    if (i % 10'000 != 0) continue;
    user.wait(seconds(6)).connects(server(i % 2), Outcome::Delivered, 587);
    for (MailClient& bot : bots) spam(bot, 1, i / 10'000 * 3 + i / 10'000 % 3);
  }
  EXPECT_LE(detector.counters().clients, 2'000U);
  std::vector<std::string> convicted;
  for (const ClientReport& finding : detector.take_findings()) {
    if (finding.verdict == Verdict::Spammer) convicted.push_back(finding.client.text());
  }
  EXPECT_EQ(convicted.size(), bots.size());
  EXPECT_EQ(report_of(detector, user).delivered, 30U);
}

TEST(Detector, OneIpv6SiteCannotFillTheTable) {
  DetectSettings settings;
  settings.clients_per_v6_network = 64;
  Detector detector(settings, kHash);
  for (unsigned i = 0; i < 1'000; ++i) {
    detector.observe({.time = testing::kMorning,
                      .client = IpAddress{0xfd16'0000'0000'0000 + i, 7},
                      .server = server(i),
                      .server_port = 25});
  }
  EXPECT_LE(detector.counters().clients, 64U);
  EXPECT_EQ(detector.counters().clients + detector.counters().forgotten_by_quota, 1'000U);
}

TEST(Detector, OnlySoManyClientsAreRememberedInDetailAndTheMostInnocentGoFirst) {
  DetectSettings settings;
  settings.wide_clients_max = 20;
  Detector detector(settings, kHash);
  auto bot = client_at(detector, "172.16.0.66");
  for (unsigned i = 0; i < 7; ++i) bot.connects(server(i), Outcome::Refused);
  for (unsigned i = 0; i < 200; ++i) {
    auto user = client_at(detector, ("172.16.1." + std::to_string(i)).c_str());
    for (unsigned account = 0; account < 6; ++account) user.connects(server(account), Outcome::Delivered, 587);
  }
  EXPECT_LE(detector.counters().wide_clients, 20U);
  EXPECT_EQ(report_of(detector, bot).attempts, 7U);
}

}  // namespace
}  // namespace mailweir
