// What others meet, what registered servers teach, and questions for mail servers.
#include <gtest/gtest.h>

#include "tests/support/detected_clients.h"

namespace mailweir {
namespace {

using std::chrono::seconds;
using namespace testing;  // its clients

TEST(Detector, ARelayThatIsDownForEverybodyMakesNobodySuspicious) {
  Detector detector({}, kHash);
  for (unsigned i = 1; i <= 9; ++i) {
    auto user = client_at(detector, ("172.16.0." + std::to_string(i)).c_str());
    user.connects(server(7), Outcome::NoAnswer, 587);
    const ClientReport report = report_of(detector, user);
    EXPECT_EQ(report.failed, 1U) << "counted all the same";
    EXPECT_NEAR(report.score_user, i <= 3 ? 1.2 : 0.0, 0.01) << i;
  }
  EXPECT_EQ(detector.counters().silenced_failures, 6U);
}

TEST(Detector, WhereTheUplinkClosesPort25NobodyIsJudgedByFailures) {
  Detector detector({}, kHash);
  for (unsigned i = 1; i <= 5; ++i)
    client_at(detector, ("172.16.0." + std::to_string(i)).c_str()).connects(server(i), Outcome::NoAnswer);
  EXPECT_TRUE(detector.uplink(testing::kMorning).closed());
  auto mta = client_at(detector, "172.16.9.25");
  for (unsigned i = 100; i < 120; ++i) mta.wait(seconds(10)).connects(server(i), Outcome::Refused);
  EXPECT_EQ(report_of(detector, mta).score_server, 0);
  EXPECT_TRUE(detector.take_findings().empty());
}

TEST(Detector, RegisteredServersTeachHowSmallADeliveryIs) {
  DetectSettings settings;
  settings.mail_servers = {*IpPrefix::parse("172.16.9.25")};
  Detector detector(settings, kHash);
  auto send = [&](const char* address, std::uint32_t payload) {
    MailClient client(address, [&](ConnectionEvent event) {
      event.payload = event.kind == ConnectionEvent::Kind::Judged ? payload : 0;
      detector.observe(event);
    });
    client.connects(server(7), Outcome::Delivered);
    return report_of(detector, client);
  };
  EXPECT_EQ(send("172.16.0.5", 1'200).delivered, 1U);
  for (unsigned i = 0; i < 60; ++i) send("172.16.9.25", 5'000 + 100 * i);
  EXPECT_EQ(send("172.16.0.6", 1'200).shorts, 1U);
  EXPECT_EQ(send("172.16.0.7", 9'000).delivered, 1U);
}

TEST(Detector, QuestionsForMailServersBeforeAnyMailAreRemembered) {
  Detector detector({}, kHash);
  auto bot = client_at(detector, "172.16.0.66");
  for (std::uint32_t name = 1; name < 9; ++name) detector.observe(asked_mx(bot, name));
  EXPECT_EQ(detector.counters().clients, 0U) << "who sends no mail costs nothing";
  bot.wait(seconds(1)).opens(server(1));
  const ClientReport report = report_of(detector, bot);
  EXPECT_NEAR(report.score_user, 2.0 + 5.0, 0.05);
  EXPECT_NEAR(sum_of(report), report.score_user, 0.05);
  EXPECT_TRUE(says(report.evidence.back().text, "mail servers of 8 domains")) << report.evidence.back().text;
}

// docs/detection.md, section 3.8: median 10 where questions are seen, 7 where servers are registered.
TEST(Detector, QuestionsForMailServersConvictSooner) {
  const auto connections = [](bool asks, bool registered) {
    DetectSettings settings;
    settings.servers_registered = registered;
    Detector detector(settings, kHash);
    auto bot = client_at(detector, "172.16.0.66");
    for (unsigned i = 0; i < 30; ++i) {
      if (asks) detector.observe(asked_mx(bot, i));
      spam(bot, 1, 3 * i + i % 3);
    }
    for (const ClientReport& finding : detector.take_findings()) {
      if (finding.verdict == Verdict::Spammer) return *finding.decided_after_connections;
    }
    return std::uint64_t{1'000};
  };
  EXPECT_LE(connections(true, true), 7U);
  EXPECT_LE(connections(true, false), 10U);
  EXPECT_LT(connections(true, true), connections(false, true));
}

TEST(Detector, WhereQuestionsAreSeenAskingNoneSpeaksALittleForAClient) {
  DetectSettings settings;
  settings.mx_seen = true;
  Detector detector(settings, kHash);
  auto user = client_at(detector, "172.16.0.5");
  user.opens(server(0)).opens(server(0)).opens(server(1));
  EXPECT_NEAR(report_of(detector, user).score_user, 2.0 - 0.25 + 1.867 - 0.02, 0.01);
}

TEST(Detector, ARegisteredServerThatChangesIsNoticedOnceADay) {
  DetectSettings settings;
  settings.mail_servers = {*IpPrefix::parse("172.16.9.25")};
  Detector detector(settings, kHash);
  auto mta = client_at(detector, "172.16.9.25");
  unsigned number = 0;
  for (unsigned hour = 0; hour < 14 * 24; ++hour) {
    for (unsigned i = 0; i < 6; ++i, ++number)
      mta.wait(seconds(600)).connects(server(number % 20'000), number % 20 == 0 ? Outcome::Short : Outcome::Delivered);
  }
  EXPECT_TRUE(detector.take_findings().empty()) << "a fortnight like any other";
  for (unsigned i = 0; i < 60; ++i, ++number)
    mta.wait(seconds(60)).connects(server(20'000 + number), i % 2 == 0 ? Outcome::Refused : Outcome::Delivered);
  const auto findings = detector.take_findings();
  ASSERT_FALSE(findings.empty());
  EXPECT_EQ(findings[0].verdict, Verdict::Server);
  EXPECT_EQ(findings[0].doubt, Doubt::ChangedServer);
  EXPECT_TRUE(says(findings[0].reason, "begun to refuse it") || says(findings[0].reason, "within an hour"))
      << findings[0].reason;
  EXPECT_LE(findings.size(), 2U);
}

}  // namespace
}  // namespace mailweir
