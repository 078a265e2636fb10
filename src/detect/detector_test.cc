#include "detect/detector.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "tests/support/detected_clients.h"

namespace mailweir {
namespace {

using std::chrono::hours;
using std::chrono::seconds;
using namespace testing;  // its clients

TEST(Detector, ConvictsABotWithinADozenConnections) {
  Detector detector({}, kHash);
  auto bot = client_at(detector, "172.16.0.66");
  spam(bot, 30);
  const auto findings = detector.take_findings();
  ASSERT_EQ(findings.size(), 1U);
  const ClientReport& finding = findings.front();
  EXPECT_EQ(finding.verdict, Verdict::Spammer);
  EXPECT_EQ(finding.client.text(), "172.16.0.66");
  EXPECT_LE(*finding.decided_after_connections, 12U);
  EXPECT_EQ(*finding.decided_after_connections, finding.attempts);
  EXPECT_EQ(*finding.decided_at, finding.last_seen);
  EXPECT_GE(finding.score_user, 15.4);
  EXPECT_GE(finding.score_server, 7.0);
  EXPECT_NEAR(sum_of(finding), finding.score_user, 0.05);
  EXPECT_TRUE(says(finding.reason, "need 15.4")) << finding.reason;
  EXPECT_TRUE(says(finding.evidence[0].text, "new mail networks on port 25 in 48 s")) << finding.evidence[0].text;
  EXPECT_TRUE(says(finding.evidence[0].text, "fewer than 1 in")) << finding.evidence[0].text;
  EXPECT_TRUE(detector.take_findings().empty());
}

TEST(Detector, ASpammersReportKeepsTheMomentOfTheDecision) {
  Detector detector({}, kHash);
  auto bot = client_at(detector, "172.16.0.66");
  spam(bot, 30);
  const ClientReport finding = detector.take_findings().at(0);
  bot.wait(hours(20));
  spam(bot, 10, 100);
  const ClientReport later = report_of(detector, bot);
  EXPECT_EQ(later.verdict, Verdict::Spammer);
  EXPECT_EQ(later.score_user, finding.score_user);
  EXPECT_EQ(later.reason, finding.reason);
  EXPECT_EQ(later.decided_at, finding.decided_at);
  EXPECT_EQ(later.decided_after_connections, finding.decided_after_connections);
  EXPECT_EQ(later.attempts, 40U);
  EXPECT_EQ(later.last_seen, bot.now());
  EXPECT_NEAR(sum_of(later), later.score_user, 0.05);
}

TEST(Detector, AnUnregisteredMailServerIsAskedAboutOnceAndNotConvicted) {
  Detector detector({}, kHash);
  auto mta = client_at(detector, "172.16.9.25");
  serve(mta, 100);
  const auto findings = detector.take_findings();
  ASSERT_EQ(findings.size(), 1U);
  EXPECT_EQ(findings[0].verdict, Verdict::Undecided);
  EXPECT_TRUE(says(findings[0].reason, "unregistered mail server?")) << findings[0].reason;
  EXPECT_FALSE(findings[0].decided_at);
  EXPECT_NEAR(sum_of(findings[0]), findings[0].score_user, 0.05);
}

TEST(Detector, ACandidateMayStillBecomeASpammer) {
  Detector detector({}, kHash);
  auto client = client_at(detector, "172.16.9.25");
  serve(client, 100);
  ASSERT_EQ(detector.take_findings().size(), 1U);
  for (unsigned i = 200; i < 300; ++i) client.wait(seconds(1)).connects(server(i), Outcome::Refused);
  const auto findings = detector.take_findings();
  ASSERT_EQ(findings.size(), 1U);
  EXPECT_EQ(findings[0].verdict, Verdict::Spammer);
}

TEST(Detector, ARegisteredServerIsScoredAndNeverASpammer) {
  DetectSettings settings;
  settings.mail_servers = {*IpPrefix::parse("172.16.9.25"), *IpPrefix::parse("fd16:0:0:25::25")};
  Detector detector(settings, kHash);
  auto quiet = client_at(detector, "172.16.9.25");
  serve(quiet, 100);
  EXPECT_TRUE(detector.take_findings().empty());
  EXPECT_EQ(report_of(detector, quiet).verdict, Verdict::Server);
  EXPECT_TRUE(report_of(detector, quiet).registered);
  EXPECT_GT(report_of(detector, quiet).score_user, 5);

  // The whole /64 is one client, so it is registered with the address that lives in it. Broken into, it is told of
  // once.
  auto cracked = client_at(detector, "fd16:0:0:25::77");
  spam(cracked, 60);
  const auto findings = detector.take_findings();
  ASSERT_EQ(findings.size(), 1U);
  EXPECT_EQ(findings[0].verdict, Verdict::Server);
  EXPECT_TRUE(says(findings[0].reason, "broken into?")) << findings[0].reason;
  EXPECT_EQ(report_of(detector, cracked).verdict, Verdict::Server);
}

TEST(Detector, TheSameBehaviourIsJudgedAloneWhereAllServersAreRegistered) {
  DetectSettings settings;
  settings.servers_registered = true;
  Detector detector(settings, kHash);
  auto clean_list_bot = client_at(detector, "172.16.0.66");
  serve(clean_list_bot, 60);
  const auto findings = detector.take_findings();
  ASSERT_EQ(findings.size(), 1U);
  EXPECT_EQ(findings[0].verdict, Verdict::Spammer);
  EXPECT_TRUE(says(findings[0].reason, "every mail server here is registered")) << findings[0].reason;
}

TEST(Detector, FirstPacketsAloneConvictInARecordingAndSayWhatIsUnsure) {
  DetectSettings settings;
  settings.recorded = true;
  Detector detector(settings, kHash);
  auto client = client_at(detector, "172.16.0.66");
  client.seen_as(View::FirstPackets);
  for (unsigned i = 0; i < 40; ++i) client.wait(seconds(5)).opens(server(i));
  const auto findings = detector.take_findings();
  ASSERT_EQ(findings.size(), 1U);
  EXPECT_EQ(findings[0].verdict, Verdict::Spammer);
  EXPECT_GE(*findings[0].decided_after_connections, 20U);
  EXPECT_TRUE(says(findings[0].reason, "a mail server would look the same")) << findings[0].reason;
  EXPECT_TRUE(says(findings[0].reason, "--mail-servers 172.16.0.66")) << findings[0].reason;
}

TEST(Detector, ForgedSynsEndUndecided) {
  Detector detector({}, kHash);
  auto victim = client_at(detector, "172.16.0.66");
  for (unsigned i = 0; i < 60; ++i) victim.wait(seconds(5)).connects(server(i), Outcome::NoAnswer);
  EXPECT_TRUE(detector.take_findings().empty());
  const ClientReport report = report_of(detector, victim);
  EXPECT_EQ(report.verdict, Verdict::Undecided);
  EXPECT_TRUE(says(report.reason, "no handshake seen")) << report.reason;
}

TEST(Detector, AnOrdinaryUserIsCalledOne) {
  Detector detector({}, kHash);
  auto user = client_at(detector, "172.16.0.5");
  for (unsigned i = 0; i < 20; ++i) user.wait(seconds(60)).connects(server(i % 2), Outcome::Delivered, 587);
  const ClientReport report = report_of(detector, user);
  EXPECT_EQ(report.verdict, Verdict::Legitimate) << report.reason;
  EXPECT_EQ(report.ports[2].connections, 20U);
  EXPECT_EQ(report.delivered, 20U);
  EXPECT_EQ(report.established, 20U);
}

TEST(Detector, AProvidersManyServersAreOnePlace) {
  Detector detector({}, kHash);
  auto user = client_at(detector, "172.16.0.5");
  for (const char* text : {"64.233.184.26", "74.125.133.27", "142.250.102.26", "2a00:1450:4013:c00::1a"}) {
    user.connects(*IpAddress::parse(text), Outcome::Delivered);
  }
  EXPECT_EQ(report_of(detector, user).groups, 1U);
  EXPECT_EQ(report_of(detector, user).evidence.at(0).kind, "new-destinations-25");
  EXPECT_NEAR(report_of(detector, user).evidence.at(0).nats, 2.0, 1e-4);
}

TEST(Detector, IPv6ClientsAreTheir64) {
  Detector detector({}, kHash);
  auto one = client_at(detector, "fd16::1");
  auto other = client_at(detector, "fd16::2:3:4:5");
  auto neighbour = client_at(detector, "fd16:0:0:1::1");
  one.opens(server(0));
  other.opens(server(1));
  neighbour.opens(server(0));
  ASSERT_EQ(detector.reports().size(), 2U);
  EXPECT_EQ(report_of(detector, one).client.text(), "fd16::/64");
  EXPECT_EQ(report_of(detector, one).attempts, 2U);
}

TEST(Detector, OtherPortsAndUnknownClientsAreNotEvidence) {
  Detector detector({}, kHash);
  auto client = client_at(detector, "172.16.0.5");
  client.connects(server(0), Outcome::Delivered, 993);
  client.ends(server(0), Outcome::Refused);  // of a connection that was opened before we looked
  EXPECT_TRUE(detector.reports().empty());
  EXPECT_EQ(detector.counters().clients, 0U);
}

TEST(Detector, AfterABlockHalfTheThresholdIsKept) {
  Detector detector({}, kHash);
  auto bot = client_at(detector, "172.16.0.66");
  spam(bot, 12);
  ASSERT_EQ(detector.take_findings().size(), 1U);
  detector.lifted(IpPrefix::host(bot.address()), bot.now() + hours(1));
  const ClientReport report = report_of(detector, bot);
  EXPECT_EQ(report.verdict, Verdict::Undecided);
  EXPECT_NEAR(report.score_user, 7.7, 0.01);
  EXPECT_NEAR(sum_of(report), report.score_user, 0.05);
  EXPECT_FALSE(report.decided_at);
  bot.wait(hours(1));
  spam(bot, 12, 100);
  ASSERT_EQ(detector.take_findings().size(), 1U);               // and is convicted again, sooner
  detector.lifted(*IpPrefix::parse("172.16.0.99"), bot.now());  // of somebody unknown: nothing happens
}

TEST(Detector, WhereBytesAreNotCountedItTakesOneMoreKindOfEvidence) {
  for (const bool asks : {false, true}) {
    DetectSettings settings;
    settings.bytes_counted = false;
    Detector detector(settings, kHash);
    auto bot = client_at(detector, "172.16.0.66");
    for (unsigned i = 0; i < 30; ++i) {
      bot.wait(seconds(6));
      if (asks) detector.observe(asked_mx(bot, i));
      if (i % 2 == 0) {
        bot.connects(server(i), Outcome::Refused);
      } else {
        bot.opens(server(i)).establishes(server(i));
      }
    }
    const auto findings = detector.take_findings();
    EXPECT_EQ(std::count_if(findings.begin(), findings.end(),
                            [](const ClientReport& finding) { return finding.verdict == Verdict::Spammer; }),
              asks ? 1 : 0);
    EXPECT_EQ(says(report_of(detector, bot).reason, "does not count bytes"), !asks);
  }
}

}  // namespace
}  // namespace mailweir
